// Live parts of a page: one stream of server-sent events, open only while somebody can see it.
//
//   import { live } from "./live.js";
//   const stream = live("/map/events", { state: whole, counters: shown }, said);
//
// Handlers get the event's parsed data. `said` is told "open", "waiting" or "hidden". A page in the
// background closes its stream, so that nothing is computed for it, and opens it again when seen.

export function live(url, handlers, said = () => {}) {
  let source = null;
  let wanted = true;
  let address = url;

  function open() {
    if (source !== null || !wanted || document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("open", () => said("open"));
    source.addEventListener("error", () => {
      said("waiting");
      // The browser tries again by itself, but for an answer that is no stream.
      if (source !== null && source.readyState === EventSource.CLOSED) {
        shut();
        setTimeout(open, 2000);
      }
    });
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => handle(JSON.parse(event.data), event.lastEventId));
    }
  }

  function shut() {
    if (source !== null) source.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      shut();
      said("hidden");
    } else {
      open();
    }
  });
  addEventListener("pagehide", shut);
  addEventListener("pageshow", open);
  open();
  return {
    close() { wanted = false; shut(); },
    open(other = address) { wanted = true; shut(); address = other; open(); },
  };
}

// Send a change to this site; resolves to the answer's document, rejects with its message.
export async function send(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: { "Accept": "application/json", "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  let document = {};
  try { document = text === "" ? {} : JSON.parse(text); } catch { /* no document: the status says it */ }
  if (!answer.ok) throw new Error(document.message || `the bench answered ${answer.status}`);
  return document;
}

// An element with attributes and children; text is set as text and never as markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}
