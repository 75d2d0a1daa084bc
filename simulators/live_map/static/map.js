// The live map's page: one stream of events, drawn, counted and told.

import { live, send, element } from "./live.js";
import { GROUPS, groupOf, onColours } from "./colours.js";
import { Drawing } from "./drawing.js";
import { Picture } from "./picture.js";
import { Ladder } from "./ladder.js";
import { Faults } from "./faults.js";

const BASE = location.pathname.replace(/\/$/, "");
const NARROW = 640;        // pixels of the stage below which the narrow drawing is taken
const MOST_ROWS = 15;
const LOG_EVERY_MS = 2000;
const LOG_LINES = 4;       // a reader's voice can't follow more
const LOG_KEPT = 40;
const $ = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");

const drawing = new Drawing($("drawing"), $("dots"));
const picture = new Picture($("motion"), drawing, behind);
const ladder = new Ladder(BASE, { names: $("ladder").querySelector(".lifelines"), rungs: $("rungs"), box: $("ladder"), said: $("ladder-said"), follow: $("follow") });
const faults = new Faults({ role: $("fault-role"), name: $("fault-name"), text: $("fault-text"), fields: $("fault-fields"), form: $("fault"), said: $("fault-said"), calm: $("calm"), on: $("faults-on") });

let whole = null;
let clock = { now: 0, said: "" };
let clockAt = 0;
let stale = true;          // the table of phones and the counts by state have to be written anew
let log = [];

// What comes from the estate

const stream = live(`${BASE}/events`, {
  whole(told) {
    whole = told;
    drawing.states = told.states;
    $("quiet").hidden = told.journal;
    picture.forget();
    draw();
    counters(told.counters);
    faults.list(told.faults, told.counters.clock.now);
    known();
    stale = true;
  },
  frame(told) {
    if (whole === null) return;
    picture.take(told, told.p.length ? () => changed(told.p) : null);
    log.push(...told.m);
    if (log.length > 200) log = log.slice(-LOG_LINES);
  },
  counters,
  faults(told) { faults.list(told, now()); },
  gap() { stream.open(); },
}, (state) => {
  $("link").textContent = { open: "live", waiting: "the estate does not answer; trying again", hidden: "paused while this page is hidden" }[state];
  $("link").classList.toggle("problem", state === "waiting");
});

function changed(phones) {
  for (const [index, state, label] of phones) {
    if (whole.phones[index] === undefined) continue;
    whole.phones[index][3] = state;
    whole.phones[index][4] = label;
  }
  stale = true;
  redots();
}

let dotsAsked = false;
function redots() {
  if (dotsAsked) return;
  dotsAsked = true;
  requestAnimationFrame(() => { dotsAsked = false; drawing.dots(); });
}

function counters(told) {
  $("registered").textContent = number(told.registered);
  $("of").textContent = `of ${number(told.phones)}`;
  $("registrations").textContent = told.per_s.registrations.toFixed(1);
  $("rest").textContent = told.per_s.rest.toFixed(1);
  $("messages").textContent = told.per_s.messages.toFixed(1);
  $("refusals").textContent = number(told.totals.refusals || 0);
  $("refusals-rate").textContent = `${told.per_s.refusals.toFixed(1)} /s`;
  const used = told.licences.reduce((sum, [, count]) => sum + count, 0), size = told.licences.reduce((sum, [, , count]) => sum + count, 0);
  $("licences").textContent = number(used);
  $("licences-of").textContent = `of ${number(size)}`;
  clock = told.clock;
  clockAt = performance.now();
  showClock();
}

// Clock

function now() { return clock.now + (performance.now() - clockAt) / 1000; }

function showClock() {
  const moving = clock.to !== undefined;
  const text = new Date((moving ? clock.now : now()) * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC";
  $("clock").textContent = $("wall-clock").textContent = text;
  $("clock").dateTime = text.replace(" UTC", "Z").replace(" ", "T");
  $("moving").hidden = !moving;
  if (moving) $("progress").value = Math.min(1, (clock.now - clock.from) / (clock.to - clock.from));
  for (const button of document.querySelectorAll("[data-seconds]")) button.disabled = moving;
  const said = moving ? "The clock is being moved …" : clock.said;
  if ($("clock-said").textContent !== said && said !== "") $("clock-said").textContent = said;
}

for (const button of document.querySelectorAll("[data-seconds]")) {
  button.addEventListener("click", async () => {
    try {
      clock = await send("POST", `${BASE}/clock`, { seconds: Number(button.dataset.seconds) });
      clockAt = performance.now();
      showClock();
    } catch (error) { $("clock-said").textContent = error.message; }
  });
}

// The picture

function draw() {
  if (whole === null) return;
  const width = $("stage").clientWidth, form = width < NARROW ? whole.narrow : whole.wide;
  drawing.show(form, whole.texts, whole.phones);
  fit();
}

function fit() {
  const form = drawing.form, stage = $("stage");
  // In full screen both width and height bound the drawing.
  const room = document.fullscreenElement ? stage.clientHeight * form.width / form.height : Infinity;
  const width = Math.min(stage.clientWidth, room), dpr = devicePixelRatio || 1;
  for (const layer of [drawing.svg, drawing.canvas, picture.canvas]) {
    layer.style.width = `${width}px`;
    layer.style.height = `${width * form.height / form.width}px`;
  }
  drawing.size(width, dpr);
  picture.size(width, dpr);
  picture.wake();
}

new ResizeObserver(() => { if (drawing.form) draw(); }).observe($("stage"));
onColours(() => { drawing.dots(); picture.wake(); });

$("pause").addEventListener("click", () => speed(picture.speed === 0 ? Number($("speed").value) : 0));
$("speed").addEventListener("change", () => speed(Number($("speed").value)));
$("now").addEventListener("click", () => { $("speed").value = "1"; speed(1); });
$("full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : $("wall").requestFullscreen()));
document.addEventListener("fullscreenchange", () => {
  $("full").textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
  draw();
});

function speed(value) {
  picture.setSpeed(value);
  $("pause").setAttribute("aria-pressed", String(value === 0));
  $("now").disabled = value === 1;
  if (value === 1) $("behind").textContent = "";
}

let behindSaid = 0;
function behind(shown) {
  const at = performance.now();
  if (at - behindSaid < 500) return;
  behindSaid = at;
  const waits = shown.waiting.length ? (at - shown.waiting[0].at) / 1000 : 0;
  const out = shown.leftOut ? `, ${number(shown.leftOut)} messages not drawn` : "";
  $("behind").textContent = shown.speed < 1 && waits > 0.5 ? `${waits.toFixed(0)} s behind${out}` : "";
}

$("stage").addEventListener("click", (event) => {
  const box = drawing.canvas.getBoundingClientRect();
  const found = drawing.at((event.clientX - box.left) / drawing.scale, (event.clientY - box.top) / drawing.scale);
  if (found >= 0) choose(found);
});

// Phones

function place(phone) { return phone[2] ? "office" : "home"; }

function matching(text) {
  const wanted = text.trim().toLowerCase().replace(/[:-]/g, "");
  if (whole === null) return [];
  return whole.phones.map((phone, index) => [phone, index]).filter(([phone]) => wanted === "" || phone[4].startsWith(wanted) || phone[0].toLowerCase().includes(wanted) || whole.states[phone[3]].toLowerCase().startsWith(wanted));
}

function known() {
  $("known").replaceChildren(...whole.phones.slice(0, 300).map((phone) => element("option", { value: phone[4] || phone[0] }, `${phone[1]} ${phone[0]}`)));
  if (location.hash.startsWith("#phone=") && ladder.mac === "") {
    const index = whole.phones.findIndex((phone) => phone[0] === location.hash.slice(7));
    if (index >= 0) choose(index);
  }
}

function choose(index) {
  const phone = whole.phones[index];
  drawing.chosen = index;
  redots();
  history.replaceState(null, "", `#phone=${phone[0]}`);
  $("which").value = phone[4] || phone[0];
  ladder.show(phone[0], phone[4] ? `phone ${phone[4]}` : `phone ${phone[0]}`);
}

$("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  const [found] = matching($("which").value);
  if (found && $("which").value.trim() !== "") choose(found[1]);
  else $("ladder-said").textContent = "No phone has this extension or MAC.";
});
$("filter").addEventListener("input", () => { stale = true; table(); });

const rows = new Map();
function table() {
  if (!stale || whole === null) return;
  stale = false;
  const found = matching($("filter").value);
  $("found").textContent = found.length > MOST_ROWS ? `${MOST_ROWS} of ${number(found.length)}: write more to see others` : "";
  const shown = found.slice(0, MOST_ROWS).map(([phone, index]) => row(phone, index));
  const body = $("phones");
  shown.forEach((made, at) => { if (body.children[at] !== made) body.insertBefore(made, body.children[at] || null); });
  while (body.childElementCount > shown.length) body.lastElementChild.remove();
  const counts = GROUPS.map(() => 0);
  for (const phone of whole.phones) counts[groupOf(whole.states[phone[3]])] += 1;
  counts.forEach((count, at) => { groups[at].textContent = number(count); });
}

function row(phone, index) {
  let made = rows.get(phone[0]);
  if (made === undefined) {
    const button = element("button", { type: "button" }, "Show");
    made = element("tr", {}, element("th", { scope: "row" }), ...Array.from({ length: 5 }, () => element("td")));
    made.lastElementChild.append(button);
    button.addEventListener("click", () => choose(whole.phones.findIndex((one) => one[0] === phone[0])));
    rows.set(phone[0], made);
  }
  const texts = [phone[4] || "–", phone[0], phone[1], place(phone), whole.states[phone[3]]];
  texts.forEach((text, at) => { if (made.children[at].textContent !== text) made.children[at].textContent = text; });
  made.lastElementChild.firstElementChild.setAttribute("aria-label", `Show the ladder of ${phone[4] || phone[0]}`);
  return made;
}

const groups = GROUPS.map(({ name, shape, colour }) => {
  const count = element("b", {}, "0");
  $("groups").append(element("li", {}, element("span", { class: `spot ${shape} ${colour}`, "aria-hidden": "true" }), count, ` ${name}`));
  return count;
});

// The log for those who listen: few lines at a time, and none while it is paused.

$("log-pause").addEventListener("click", () => {
  const paused = $("log-pause").getAttribute("aria-pressed") !== "true";
  $("log-pause").setAttribute("aria-pressed", String(paused));
});

setInterval(() => {
  showClock();
  table();
}, 1000);

setInterval(() => {
  if ($("log-pause").getAttribute("aria-pressed") === "true") { log = []; return; }
  const lines = log.slice(-LOG_LINES), more = log.length - lines.length;
  log = [];
  for (const [, protocol, , , label, from, to, flags] of lines) {
    const words = flags & 1 ? "lost: " : flags & 2 ? "refused: " : "";
    $("log").append(element("li", { class: flags ? "bad" : "" }, element("span", { class: `tag h-${protocol}` }, protocol), ` ${from} to ${to}: ${words}${label}`));
  }
  if (more > 0) $("log").append(element("li", { class: "soft" }, `and ${number(more)} more`));
  while ($("log").childElementCount > LOG_KEPT) $("log").firstElementChild.remove();
  if (lines.length) $("log").scrollTop = $("log").scrollHeight;
}, LOG_EVERY_MS);

// For whoever measures: frames drawn, and messages on their way.
window.liveMap = { get frames() { return picture.frames; }, get moving() { return picture.moving.length; }, get waiting() { return picture.waiting.length; } };

faults.begin();
