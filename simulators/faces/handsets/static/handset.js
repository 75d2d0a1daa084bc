// One handset: keys pressed here are pressed there, and what it shows is shown here as it changes.
import { element, live, send } from "./live.js";
import { draw, named } from "./screen.js";

const phone = document.getElementById("phone");
const screen = document.getElementById("screen");
const byId = (id) => document.getElementById(id);
const model = { touch: phone.dataset.touch === "yes", left: Number(phone.dataset.left) };
const modulePages = new Map();
let seen = null;
let connected = false;

// Acts go in the order in which they were done: those of a fast hand together, one request at a time.

const waiting = [];
let sending = false;

async function act(...acts) {
  waiting.push(...acts);
  if (sending) return;
  sending = true;
  try {
    while (waiting.length > 0) {
      const shown = await send("POST", phone.dataset.acts, { acts: waiting.splice(0, 50) });
      wrong("");
      if (!connected) show(shown);
    }
  } catch (error) {
    waiting.length = 0;
    wrong(error.message || "The bench does not answer.");
  } finally {
    sending = false;
  }
}

function wrong(text) {
  const note = byId("wrong");
  note.textContent = text;
  note.hidden = text === "";
}

function actOf(name, value) {
  switch (name) {
    case "place": {
      const [kind, number] = value.split(" ");
      return { place: [kind, Number(number)] };
    }
    case "touch": return { touch: Number(value) };
    case "power": case "cable": case "restart": return { [name]: value === "true" };
    default: return { [name]: value };
  }
}

document.addEventListener("click", (event) => {
  // A finger that means a key may hit its label on the screen beside it.
  const label = event.target.closest("#screen [data-place]");
  if (label !== null) act(actOf("place", label.dataset.place));
  if (event.target.closest("svg.receiver") !== null) act({ press: byId("lift").value });
  const button = event.target.closest("button[name]");
  if (button === null) return;
  event.preventDefault();
  act(actOf(button.name, button.value));
  // A hand that pressed a key with the mouse types on the phone next, not on that key.
  if (event.detail > 0 && phone.contains(button)) phone.focus({ preventScroll: true });
});

for (const form of document.querySelectorAll("form.line")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = form.querySelector("input");
    act({ [input.name]: input.value });
    input.select();
  });
}

// The computer's keyboard, while the phone has the focus (and no letter is a shortcut elsewhere).

const KEYS = { ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right", Enter: "Select", Escape: "Goodbye", Backspace: "Backspace" };

phone.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || seen === null) return;
  if (event.target.closest("button") !== null && ["Enter", " "].includes(event.key)) return;
  const key = KEYS[event.key];
  if (key === undefined && event.key.length !== 1) return;
  act(key === undefined ? { character: event.key } : { press: key });
  event.preventDefault();
  press(key ?? event.key);
});

phone.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain").trim().slice(0, 200);
  if (text !== "") act({ text });
});

function press(name) {
  const key = phone.querySelector(`button[name="press"][value="${CSS.escape(name)}"]`);
  if (key === null) return;
  key.classList.add("down");
  setTimeout(() => key.classList.remove("down"), 120);
}

// What it shows. Keys on the glass are drawn anew with it: while one is held down nothing is, or the
// click would be lost with the key under the finger.

let touched = false;
let held = null;
const release = () => setTimeout(() => {
  const now = held;
  touched = false;
  held = null;
  if (now !== null) show(now);
});
document.addEventListener("pointerdown", () => { touched = true; }, true);
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, release, true);
window.addEventListener("blur", release);

function show(now) {
  if (touched) { held = now; return; }
  seen = now;
  draw(screen, now, model);
  byId("lamp").dataset.lamp = now.lamp;
  phone.dataset.lifted = now.lifted ? "yes" : "no";
  for (const key of phone.querySelectorAll("svg.body button[data-what]")) place(key);
  say("said", now.said);
  say("state", now.state);
  say("who", `${now.bar.extension} ${now.bar.name}`.trim() || "Handset");
  toggle("power", now.powered, "Cut the power", "Switch on");
  toggle("cable", now.cable, "Pull the cable", "Plug the cable in");
  byId("lift").value = now.lifted ? "Goodbye" : "Speaker"; // the speaker key would resume a held call
  say("lift", now.lifted ? "Put the receiver down" : "Lift the receiver");
  byId("lines").replaceChildren(...(now.lines.length === 0 ? [element("li", { class: "soft" }, "None is configured.")] : now.lines.map(line)));
  for (const [name, value] of Object.entries(now.facts)) say(`fact-${name}`, String(value));
  byId("refused").hidden = now.facts.refusal === "";
  byId("modules").replaceChildren(...Object.entries(now.modules).map(([number, keys]) => module(number, keys)));
}

function say(id, text) {
  const at = byId(id);
  if (at.textContent !== text) at.textContent = text;
}

function toggle(id, on, off, switched) {
  byId(id).value = String(!on);
  say(id, on ? off : switched);
}

function place(key) {
  const [kind, number] = key.value.split(" ");
  const there = (kind === "topsoftkey" ? seen.top : seen.soft)[number - 1];
  key.dataset.lamp = there?.lamp ?? "off";
  key.setAttribute("aria-label", there?.label ? named(`${key.dataset.what}: ${there.label}`, there.lamp) : key.dataset.what);
}

function line(one) {
  const what = one.activity === "idle" ? one.registration || "not registered" : `${one.activity} ${one.farEnd}`;
  return element("li", { "data-lamp": one.activity }, element("b", {}, String(one.number)), ` ${one.extension} `, element("span", {}, what));
}

// An expansion module: 28 keys at a time, its pages turned here, as a hand turns them there.
function module(number, keys) {
  const host = byId("modules").dataset;
  const rows = Number(host.rows);
  const page = modulePages.get(number) ?? 0;
  const cells = [];
  for (let index = 1; index <= 2 * rows; index += 1) {
    const key = keys[page * 2 * rows + index];
    if (key === undefined) {
      cells.push(element("span", { class: "key none" }));
      continue;
    }
    cells.push(element("button", {
      class: "key side", name: "place", value: `expmod${number} ${page * 2 * rows + index}`, "data-lamp": key.lamp,
      "aria-label": named(key.label || `Key ${index}`, key.lamp),
    }, element("span", { class: "led" }), element("span", { class: "label" }, key.label)));
  }
  const turns = [...Array(Number(host.pages)).keys()].map((at) => {
    const button = element("button", { type: "button", class: "turn", "aria-pressed": String(at === page), "aria-label": `Page ${at + 1} of module ${number}` }, String(at + 1));
    button.addEventListener("click", () => { modulePages.set(number, at); show(seen); });
    return button;
  });
  return element("section", { class: "module", "aria-label": `Expansion module ${number}` },
    element("div", { class: "modkeys" }, ...cells), element("div", { class: "turns" }, ...turns));
}

live(phone.dataset.events, { phone: show }, (how) => {
  connected = how === "open";
  const link = byId("link");
  link.dataset.how = how;
  link.textContent = how === "open" ? "live" : how === "hidden" ? "" : "connection lost, trying again";
  phone.dataset.stale = how === "waiting" ? "yes" : "no";
});
