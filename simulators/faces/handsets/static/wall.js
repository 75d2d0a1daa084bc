// The wall: one small handset for each phone. Only what has changed is touched, in one go before the next picture.
import { element, live } from "./live.js";

const wall = document.getElementById("wall");
const counts = document.getElementById("counts");
const filter = document.getElementById("filter");
const base = wall.dataset.base;
const LOOKS = JSON.parse(wall.dataset.looks);
const bricks = new Map();  // MAC -> what the bench says of it
const cells = new Map();   // MAC -> its elements
const numbers = new Map(); // state -> how many
let shown = 0;
let late = false;

for (const link of wall.querySelectorAll("a[data-mac]")) cells.set(link.dataset.mac, found(link));

function found(link) {
  const [mark, , ext, word] = link.children;
  return { item: link.parentElement, link, mark, ext, word, hidden: false };
}

function made(mac) {
  const link = element("a", { href: base + mac, "data-mac": mac },
    element("span", { class: "mark" }), element("span", { class: "pad" }), element("span", { class: "ext" }), element("span", { class: "word" }));
  const item = element("li", {}, link);
  wall.append(item);
  return found(link);
}

function take(brick) {
  const [mac, state] = brick;
  const before = bricks.get(mac);
  if (before !== undefined) numbers.set(before[1], numbers.get(before[1]) - 1);
  numbers.set(state, (numbers.get(state) ?? 0) + 1);
  bricks.set(mac, brick);
  let cell = cells.get(mac);
  if (cell === undefined) cells.set(mac, cell = made(mac));
  paint(cell, brick);
  sift(cell, brick);
}

function paint(cell, [mac, state, use, extension, , model]) {
  const look = LOOKS[state];
  set(cell.mark, look.letter);
  set(cell.ext, extension || mac.slice(6));
  set(cell.word, state);
  cell.mark.className = `mark ${look.kind}`;
  cell.link.dataset.use = use;
  cell.link.setAttribute("aria-label", `${extension || mac}, ${model}: ${state}${use ? `, ${use}` : ""}`);
}

function set(at, text) {
  if (at.textContent !== text) at.textContent = text;
}

// Filter

const wanted = { state: "", model: "", home: "", text: "" };

function read() {
  for (const name of Object.keys(wanted)) wanted[name] = filter.elements[name].value.trim().toLowerCase();
}

function isWanted([mac, state, use, extension, name, model, address, firmware]) {
  return (wanted.state === "" || wanted.state === state.toLowerCase()) && (wanted.model === "" || wanted.model === model)
    && address.includes(wanted.home)
    && (wanted.text === "" || [mac, state, use, extension, name, model, address, firmware].join(" ").toLowerCase().includes(wanted.text));
}

function sift(cell, brick) {
  const hidden = !isWanted(brick);
  if (hidden === cell.hidden) return;
  cell.hidden = cell.item.hidden = hidden;
}

function siftAll() {
  read();
  for (const [mac, brick] of bricks) sift(cells.get(mac), brick);
  later();
}

filter.addEventListener("input", siftAll);
filter.addEventListener("submit", (event) => { event.preventDefault(); siftAll(); });
counts.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-state]");
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const select = filter.elements.state;
  select.value = select.value === link.dataset.state ? "" : link.dataset.state;
  siftAll();
});

// What is counted is written once for each picture, however many phones changed.

function later() {
  if (late) return;
  late = true;
  requestAnimationFrame(count);
}

function count() {
  late = false;
  shown = 0;
  for (const cell of cells.values()) shown += cell.hidden ? 0 : 1;
  set(document.getElementById("shown"), `${shown} of ${bricks.size}`);
  document.getElementById("none").hidden = shown > 0;
  wall.classList.toggle("few", bricks.size <= 60);
  for (const [state, look] of Object.entries(LOOKS)) counted(state, look, numbers.get(state) ?? 0);
}

function counted(state, look, number) {
  let link = counts.querySelector(`a[data-state="${CSS.escape(state)}"]`);
  if (link === null) {
    if (number === 0) return;
    link = element("a", { href: `${base}?state=${encodeURIComponent(state)}`, "data-state": state },
      element("span", { class: `mark ${look.kind}`, "aria-hidden": "true" }, look.letter), ` ${state} `, element("b"));
    const order = Object.keys(LOOKS);
    const after = [...counts.children].find((item) => order.indexOf(item.firstElementChild.dataset.state) > order.indexOf(state));
    counts.insertBefore(element("li", {}, link), after ?? null);
  }
  set(link.querySelector("b"), String(number));
  link.parentElement.classList.toggle("nobody", number === 0);
  if (wanted.state === state.toLowerCase()) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

const stream = live(wall.dataset.events, {
  all(list) {
    read();
    bricks.clear();
    numbers.clear();
    for (const brick of list) take(brick);
    for (const [mac, cell] of cells) {
      if (bricks.has(mac)) continue;
      cell.item.remove();
      cells.delete(mac);
    }
    later();
  },
  some(list) {
    for (const brick of list) take(brick);
    later();
  },
  gap() { stream.open(); },
}, (how) => {
  const link = document.getElementById("link");
  link.dataset.how = how;
  link.textContent = how === "open" ? "live" : how === "hidden" ? "" : "connection lost, trying again";
  wall.classList.toggle("stale", how === "waiting");
});
