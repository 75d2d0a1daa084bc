"use strict";
// Conveniences only: without this script the page is complete, its details open by hand.
(function () {
  var root = document.documentElement;
  var all = function (selector, from) {
    return Array.prototype.slice.call((from || document).querySelectorAll(selector));
  };

  // Theme: automatic, light, dark; remembered where the browser lets a file remember.
  var themes = ["auto", "light", "dark"];
  var remembered = "auto";
  try { remembered = localStorage.getItem("report-theme") || "auto"; } catch (_) { /* not kept */ }
  var themeButton = document.getElementById("theme");
  function setTheme(theme) {
    if (themes.indexOf(theme) < 0) { theme = "auto"; }
    if (theme === "auto") { root.removeAttribute("data-theme"); } else { root.setAttribute("data-theme", theme); }
    themeButton.textContent = "Theme: " + theme;
    themeButton.dataset.now = theme;
    try { localStorage.setItem("report-theme", theme); } catch (_) { /* not kept */ }
  }
  themeButton.hidden = false;
  themeButton.addEventListener("click", function () {
    setTheme(themes[(themes.indexOf(themeButton.dataset.now) + 1) % themes.length]);
  });
  setTheme(remembered);

  // Copy the command.
  all("[data-copy]").forEach(function (button) {
    if (!navigator.clipboard) { return; }
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(function () {
        button.textContent = "Copied";
      });
    });
  });

  // Messages stand in <noscript>, which costs next to nothing while a long page is read. They are taken out
  // when their scenario is opened, before paper, and else one scenario after another, so that the browser's
  // search finds them. An arrow is named, and told where the mouse rests, as the list below its ladder has it.
  function said(arrow) {
    return document.getElementById(arrow.getAttribute("href").slice(1)).parentElement.firstElementChild.textContent;
  }
  function fill(scenario) {
    var kept = scenario.querySelector("noscript");
    if (!kept) { return; }
    kept.insertAdjacentHTML("afterend", kept.textContent);
    kept.remove();
    all(".rungs a", scenario).forEach(function (arrow) {
      var title = document.createElementNS(arrow.namespaceURI, "title");
      title.textContent = said(arrow);
      arrow.insertBefore(title, arrow.firstChild);
    });
  }
  document.addEventListener("toggle", function (event) {
    if (event.target.open && event.target.matches("details.scenario")) { fill(event.target); }
  }, true);
  all("details.scenario[open]").forEach(fill);
  var waiting = all("details.scenario");
  (function next() {
    var scenario = waiting.shift();
    if (scenario) { fill(scenario); setTimeout(next, 10); }
  })();

  // A link into a closed scenario opens it.
  function reveal() {
    var id = location.hash.length > 1 && decodeURIComponent(location.hash.slice(1));
    var scenario = id && document.getElementById(id.split("-")[0]);
    if (scenario && scenario.matches("details.scenario")) { fill(scenario); }
    var target = id && document.getElementById(id);
    if (!target) { return; }
    for (var at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") { at.open = true; at.hidden = false; }
    }
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  // Scenarios: filter by verdict and words, open or close those that are shown.
  var tools = document.getElementById("tools");
  if (tools) {
    tools.hidden = false;
    var words = document.getElementById("words");
    var verdict = "all";
    var filter = function () {
      var wanted = words.value.trim().toLowerCase();
      var shown = 0;
      all("details.scenario").forEach(function (item) {
        item.hidden = !((verdict === "all" || item.dataset.outcome === verdict) &&
          item.querySelector("summary").textContent.toLowerCase().indexOf(wanted) >= 0);
        shown += item.hidden ? 0 : 1;
      });
      all("section.feature").forEach(function (section) {
        section.hidden = !all("details.scenario", section).some(function (item) { return !item.hidden; });
      });
      document.getElementById("shown").textContent = shown + " shown";
    };
    words.addEventListener("input", filter);
    all("[data-verdict]", tools).forEach(function (button) {
      button.addEventListener("click", function () {
        verdict = button.dataset.verdict;
        all("[data-verdict]", tools).forEach(function (other) {
          other.setAttribute("aria-pressed", String(other === button));
        });
        filter();
      });
    });
    document.getElementById("fold").addEventListener("click", function () {
      var open = !all("details.scenario").some(function (item) { return !item.hidden && item.open; });
      all("details.scenario").forEach(function (item) { if (!item.hidden) { item.open = open; } });
    });
  }

  // The inspector: the message behind an arrow. Left and right walk, Escape closes.
  var inspector = document.getElementById("inspector");
  var chosen = null;
  function choose(arrow) {
    if (chosen) { chosen.classList.remove("chosen"); }
    chosen = arrow;
    inspector.hidden = !arrow;
    document.body.style.paddingBottom = arrow ? "45vh" : "";
    if (!arrow) { return; }
    arrow.classList.add("chosen");
    document.getElementById("inspected").textContent = said(arrow);
    inspector.querySelector("pre").textContent =
      document.getElementById(arrow.getAttribute("href").slice(1)).textContent;
  }
  function walk(by) {
    if (!chosen) { return; }
    var arrows = all(".rungs a", chosen.closest("svg"));
    var next = arrows[arrows.indexOf(chosen) + by];
    if (next) { choose(next); next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }
  document.addEventListener("click", function (event) {
    var arrow = event.target.closest && event.target.closest(".rungs a");
    if (arrow) { event.preventDefault(); choose(arrow); }
  });
  document.getElementById("before").addEventListener("click", function () { walk(-1); });
  document.getElementById("after").addEventListener("click", function () { walk(1); });
  document.getElementById("close").addEventListener("click", function () {
    var last = chosen;
    choose(null);
    if (last) { last.focus(); }
  });
  document.addEventListener("keydown", function (event) {
    if (!chosen || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { return; }
    if (event.key === "Escape") { document.getElementById("close").click(); }
    if (event.key === "ArrowRight") { walk(1); event.preventDefault(); }
    if (event.key === "ArrowLeft") { walk(-1); event.preventDefault(); }
  });

  // Paper shows every scenario with its steps and ladder.
  var closed = [];
  addEventListener("beforeprint", function () {
    closed = all("details.scenario:not([open])");
    all("details.scenario").forEach(fill);
    closed.forEach(function (item) { item.open = true; });
  });
  addEventListener("afterprint", function () {
    closed.forEach(function (item) { item.open = false; });
  });
})();
