// The wall: one small handset for each phone. Few are links, each a card; many are drawn on a canvas.
// Only what has changed is touched, in one go before the next picture.
import { element, live } from "./live.js";
import { Crowd } from "./wall_canvas.js";

const byId = (id) => document.getElementById(id);
const wall = byId("wall");
const counts = byId("counts");
const filter = byId("filter");
const canvas = byId("crowd");
const base = wall.dataset.base;
const LOOKS = JSON.parse(wall.dataset.looks);
const MOST_CARDS = Number(wall.dataset.most);
const bricks = new Map(); // MAC -> what the bench says of it, in the bench's order
const cards = new Map();  // MAC -> the card's elements
const changed = new Set(); // MACs, since the last picture
const wanted = { state: "", model: "", home: "", text: "" };
let numbers = new Map();  // state -> how many
let known = false;
let anew = true;          // whether others may be shown than before
let waiting = false;

const crowd = new Crowd(canvas, LOOKS, (mac, apart) => {
  if (apart) open(base + mac, "_blank", "noopener");
  else location.href = base + mac;
}, (brick) => say("pointed", brick === null ? "" : described(brick)));

function described([mac, state, use, extension, name, model]) {
  return `${`${extension} ${name}`.trim() || mac}, ${model}: ${state}${use ? `, ${use}` : ""}`;
}

function say(id, text) {
  const at = byId(id);
  if (at.textContent !== text) at.textContent = text;
}

function take(brick) {
  const before = bricks.get(brick[0]);
  if (before !== undefined) numbers.set(before[1], numbers.get(before[1]) - 1);
  numbers.set(brick[1], (numbers.get(brick[1]) ?? 0) + 1);
  bricks.set(brick[0], brick);
  changed.add(brick[0]);
  if (before === undefined || isWanted(before) !== isWanted(brick)) anew = true;
}

function isWanted([mac, state, use, extension, name, model, address, firmware]) {
  return (wanted.state === "" || wanted.state === state.toLowerCase()) && (wanted.model === "" || wanted.model === model)
    && address.includes(wanted.home)
    && (wanted.text === "" || [mac, state, use, extension, name, model, address, firmware].join(" ").toLowerCase().includes(wanted.text));
}

// Pictures

function later() {
  if (waiting || !known) return;
  waiting = true;
  requestAnimationFrame(picture);
}

function picture() {
  waiting = false;
  if (anew) showAll();
  else for (const mac of changed) showOne(bricks.get(mac));
  anew = false;
  changed.clear();
  for (const [state, look] of Object.entries(LOOKS)) counted(state, look, numbers.get(state) ?? 0);
}

function showAll() {
  const shown = [...bricks.values()].filter(isWanted);
  const many = shown.length > MOST_CARDS;
  wall.hidden = many || shown.length === 0;
  wall.classList.remove("plain");
  byId("many").hidden = canvas.hidden = !many;
  byId("none").hidden = shown.length > 0;
  say("shown", `${shown.length} of ${bricks.size}`);
  crowd.show(many ? shown : []);
  const cardsNow = many ? [] : shown.map((brick) => paint(cards.get(brick[0]) ?? made(brick[0]), brick));
  if (cardsNow.length !== wall.children.length || cardsNow.some((item, index) => wall.children[index] !== item)) wall.replaceChildren(...cardsNow);
}

function showOne(brick) {
  if (crowd.change(brick)) return;
  const card = cards.get(brick[0]);
  if (card !== undefined && card.item.isConnected) paint(card, brick);
}

function made(mac) {
  const link = element("a", { href: base + mac, "data-mac": mac },
    element("span", { class: "mark" }), element("span", { class: "pad" }), element("span", { class: "ext" }), element("span", { class: "word" }));
  const [mark, , ext, word] = link.children;
  const card = { item: element("li", {}, link), link, mark, ext, word };
  cards.set(mac, card);
  return card;
}

function paint(card, brick) {
  const [mac, state, use, extension] = brick;
  const look = LOOKS[state];
  card.mark.textContent = look.letter;
  card.mark.className = `mark ${look.kind}`;
  card.ext.textContent = extension || mac.slice(6);
  card.word.textContent = use === "rings" ? "rings" : use === "call" ? "in a call" : state;
  card.link.dataset.use = use;
  card.link.setAttribute("aria-label", described(brick));
  return card.item;
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
  const text = link.querySelector("b");
  if (text.textContent !== String(number)) text.textContent = String(number);
  link.parentElement.classList.toggle("nobody", number === 0);
  if (wanted.state === state.toLowerCase()) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

// Filter

function read() {
  for (const name of Object.keys(wanted)) wanted[name] = filter.elements[name].value.trim().toLowerCase();
  anew = true;
  later();
}

filter.addEventListener("input", read);
filter.addEventListener("submit", (event) => { event.preventDefault(); read(); });
counts.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-state]");
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const select = filter.elements.state;
  select.value = select.value === link.dataset.state ? "" : link.dataset.state;
  read();
});

const stream = live(wall.dataset.events, {
  all(list) {
    known = true;
    bricks.clear();
    numbers = new Map();
    read();
    for (const brick of list) take(brick);
  },
  some(list) {
    for (const brick of list) take(brick);
    later();
  },
  gap() { stream.open(); },
}, (how) => {
  byId("link").dataset.how = how;
  say("link", how === "open" ? "live" : how === "hidden" ? "" : "connection lost, trying again");
  byId("bricks").classList.toggle("stale", how === "waiting");
});
