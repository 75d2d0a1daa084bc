// The screen of a phone, made of what the bench says of it. Nothing is decided here.
import { element } from "./live.js";

const KEYBOARD = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm.-_"];
const WITH_KEYS = ["idle", "call"];

// Replace the content of `screen` by what `seen` shows.
// `phone`: { touch: boolean, left: number of top softkeys on the left }.
export function draw(screen, seen, phone) {
  const focused = screen.contains(document.activeElement) ? document.activeElement.dataset.at : undefined;
  screen.dataset.scene = seen.scene;
  const parts = seen.scene === "off" ? [] : seen.scene === "boot" ? [boot(seen)] : [middle(seen, phone), softs(seen, phone)];
  if (!["off", "boot", ...WITH_KEYS].includes(seen.scene)) parts.unshift(strip(seen, true));
  screen.replaceChildren(...parts);
  const center = screen.querySelector(".center");
  const chosen = screen.querySelector(".chosen");
  if (center !== null && chosen !== null) {
    const head = screen.querySelector(".whole .head")?.offsetHeight ?? 0;
    center.scrollTop = chosen.offsetTop - head - Math.max(0, center.clientHeight - head - chosen.offsetHeight) / 2;
  }
  if (focused !== undefined) screen.querySelector(`[data-at="${focused}"]`)?.focus();
}

function boot(seen) {
  const still = ["MiNET", "Boot loader"].includes(seen.screen.title);
  return element("div", { class: "boot" },
    element("p", { class: "head" }, seen.screen.title),
    element("span", { class: still ? "waits" : "goes" }),
    element("p", { class: "message" }, seen.screen.message || (still ? "Asks for SIP firmware" : "")));
}

// The line above what is shown; where keys are beside it, there is no room for names.
function strip(seen, wide) {
  const { bar } = seen;
  const marks = [];
  if (!seen.cable) marks.push(mark("no network", "bad"));
  if (bar.locked) marks.push(mark("locked", "warn"));
  if (bar.backup) marks.push(mark("backup", "warn"));
  if (seen.lines.length > 0) marks.push(mark(bar.registered ? "in service" : "no service", bar.registered ? "good" : "bad"));
  return element("div", { class: "strip" },
    ...(wide ? [element("span", { class: "who" }, `${bar.extension} ${bar.name}`.trim() || "Mitel")] : []),
    element("span", { class: "marks" }, ...marks), ...(wide ? [element("time", {}, bar.time)] : []));
}

function mark(text, kind) {
  return element("span", { class: `mark ${kind}` }, text);
}

function middle(seen, phone) {
  const beside = WITH_KEYS.includes(seen.scene);
  const center = element("div", { class: "center" }, ...(beside ? [strip(seen, false)] : []), ...content(seen, phone));
  const keyboard = phone.touch ? onGlass(seen) : [];
  if (!beside) return element("div", { class: "middle whole" }, center, ...keyboard);
  const keys = seen.top.map((key, index) => topKey(key, index, phone.touch));
  return element("div", { class: "middle" },
    element("div", { class: "side" }, ...keys.slice(0, phone.left), ...turn(seen, "topsoftkey", phone.touch)),
    center,
    element("div", { class: "side right" }, ...keys.slice(phone.left)));
}

function topKey(key, index, touch) {
  const inside = [element("span", { class: "led" }), element("span", { class: "label" }, key.label)];
  const place = `topsoftkey ${index + 1}`;
  if (!touch) return element("span", { class: "tkey", "data-lamp": key.lamp, "data-place": place }, ...inside);
  return element("button", {
    class: "tkey", name: "place", value: place, "data-at": place, "data-lamp": key.lamp,
    "aria-label": named(key.label || place, key.lamp),
  }, ...inside);
}

// With touch a page of keys is turned by a swipe: here by a button.
function turn(seen, kind, touch) {
  if (!touch || seen.pages[kind] < 2) return [];
  return [element("button", { class: "turn", name: "page", value: kind, "data-at": `page ${kind}`, "aria-label": "More keys" }, "⋯")];
}

function content(seen, phone) {
  const { screen, scene } = seen;
  if (scene === "idle") {
    return [
      element("p", { class: "clock" }, seen.bar.time),
      element("p", { class: "head" }, screen.title),
      seen.bar.name && seen.bar.name !== screen.title ? element("p", { class: "name" }, seen.bar.name) : "",
      message(screen.message),
    ];
  }
  if (scene === "call") {
    return [
      element("p", { class: "head" }, screen.title),
      element("span", { class: "face" }, (screen.lines[0] || "?").slice(0, 1).toUpperCase()),
      ...screen.lines.map((text, index) => element("p", { class: index === 0 ? "far" : "line" }, text)),
      message(screen.message),
    ];
  }
  return [element("p", { class: "head" }, screen.title), ...lines(seen, phone), message(screen.message)];
}

function lines(seen, phone) {
  const { screen, scene } = seen;
  return screen.lines.map((text, index) => {
    const chosen = index === screen.selected;
    const fields = scene === "form" || scene === "editing";
    const split = fields ? text.indexOf(": ") : -1;
    const inside = split < 0 ? [text] : [
      element("span", { class: "asked" }, text.slice(0, split)),
      element("span", { class: "value" }, text.slice(split + 2)),
    ];
    const look = `line${chosen ? " chosen" : ""}${scene === "prompt" && index === 1 ? " typed" : ""}`;
    if (!phone.touch || screen.selected === null) return element("p", { class: look }, ...inside);
    return element("button", { class: look, name: "touch", value: index, "data-at": `touch ${index}`, "aria-current": chosen }, ...inside);
  });
}

function message(text) {
  return text ? element("p", { class: "message" }, text) : "";
}

function softs(seen, phone) {
  const labels = seen.soft.map((key, index) => {
    const place = `softkey ${index + 1}`;
    if (!phone.touch) return element("span", { class: "skey", "data-lamp": key.lamp, "data-place": place }, key.label);
    return element("button", { class: "skey", name: "place", value: place, "data-at": place, "data-lamp": key.lamp, "aria-label": named(key.label || place, key.lamp) }, key.label);
  });
  return element("div", { class: "softs" }, ...labels, ...turn(seen, "softkey", phone.touch));
}

// The keyboard on the glass: digits alone for a password, which takes nothing else.
function onGlass(seen) {
  const rows = seen.takesText && seen.scene !== "form" ? KEYBOARD : seen.scene === "prompt" ? KEYBOARD.slice(0, 1) : [];
  if (rows.length === 0) return [];
  return [element("div", { class: "glass" }, ...rows.map((row) => element("div", {}, ...[...row].map((letter) =>
    element("button", { name: "text", value: letter, "data-at": `text ${letter}` }, letter)))))];
}

export function named(label, lamp) {
  return lamp === "off" ? label : `${label}, lamp ${{ on: "on", slowflash: "blinking slowly", fastflash: "blinking fast" }[lamp]}`;
}
