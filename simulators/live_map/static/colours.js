// Colours from the style sheet, and the dash of each protocol as in the reports' ladder.

export const DASHES = { SIP: [], REST: [9, 4], HTTP: [5, 3], OAI: [9, 3, 2, 3], TCP: [2, 4] };

// Groups of phone states: name, colour, and a shape, so that colour is never alone.
export const GROUPS = [
  { name: "registered", colour: "good", shape: "full", states: ["registered"] },
  { name: "on the way", colour: "accent", shape: "half", states: [] },
  { name: "idle", colour: "warn", shape: "ring", states: ["idle", "unregistered", "MiNET", "boot loader", "no cable"] },
  { name: "refused or timed out", colour: "bad", shape: "square", states: ["refused", "timed out"] },
  { name: "off", colour: "soft", shape: "dot", states: ["off"] },
];

export function groupOf(state) {
  const found = GROUPS.findIndex((group) => group.states.includes(state));
  return found < 0 ? 1 : found;
}

let known = {};

export function colour(name) { return known[name] || "#888"; }

export function readColours() {
  const style = getComputedStyle(document.documentElement);
  known = {};
  for (const name of ["sip", "rest", "http", "oai", "tcp", "event", "good", "accent", "warn", "bad", "soft", "ink", "card", "line", "edge", "paper", "sunk"]) {
    known[name] = style.getPropertyValue("--" + name).trim();
  }
}

export function onColours(changed) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); changed(); });
  readColours();
}
