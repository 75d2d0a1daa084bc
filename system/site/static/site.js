// Live parts and small comforts. Every page works without this file.
"use strict";

(() => {
  const problems = document.getElementById("problems");
  if (problems) problems.focus();

  // A form is sent once; the button says so. The MCS itself answers a second one like the first.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    }
  });

  if (!("live" in document.body.dataset) || !document.querySelector("[data-live]:not(body)")) return;
  let source = null;

  // What is put in place of a link while a mouse button is down on it takes the click away: such
  // parts wait until the button is up, and what would change nothing is not put at all.
  const held = new Map();
  let pressed = false;
  const release = () => setTimeout(() => {
    pressed = false;
    for (const [part, html] of held) put(part, html);
    held.clear();
  });
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const end of ["pointerup", "pointercancel", "dragend"]) document.addEventListener(end, release, true);
  window.addEventListener("blur", release);

  function same(part, html) {
    const wanted = document.createElement("div");
    wanted.innerHTML = html;
    wanted.querySelectorAll("details").forEach((one, at) => {
      one.open = Boolean(part.querySelectorAll("details")[at]?.open);
    });
    return wanted.innerHTML.trim() === part.innerHTML.trim();
  }

  function put(part, html) {
    if (pressed) { held.set(part, html); return; }
    if (same(part, html)) return;
    const within = part.contains(document.activeElement) && document.activeElement !== part;
    const button = within ? [...part.querySelectorAll("a, button, summary")].indexOf(document.activeElement) : -1;
    const open = [...part.querySelectorAll("details")].map((one) => one.open);
    part.innerHTML = html;
    part.querySelectorAll("details").forEach((one, at) => { if (open[at]) one.open = true; });
    if (button >= 0) {
      const now = part.querySelectorAll("a, button, summary");
      if (now.length) now[Math.min(button, now.length - 1)].focus();
    }
  }

  function listen() {
    source = new EventSource(location.pathname + location.search);
    source.addEventListener("part", (event) => {
      const { name, html } = JSON.parse(event.data);
      const part = document.querySelector(`[data-live="${name}"]`);
      if (part) put(part, html);
      document.body.dataset.live = "on";
    });
    source.addEventListener("over", () => { stop(); location.reload(); });
  }

  function stop() {
    if (source) source.close();
    source = null;
  }

  // A browser has few connections for one site: a tab that nobody sees needs none.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : source || listen()));
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => { if (event.persisted && !source) listen(); });
  if (!document.hidden) listen();
})();
