// The button of the theme; the page's title where the market is simulated; what the strip of cycles says under the pointer
// and by the arrow keys; and the keyboard on the question that a button asks.
(function () {
  const SIMULATED = " (simulated)";
  const within = (event, wanted) => event.composedPath().find((each) => each instanceof Element && wanted(each));
  document.addEventListener("click", (event) => {
    const button = within(event, (each) => each.dataset?.nemTheme);
    if (!button) return;
    const url = new URL(window.location);
    url.searchParams.set("theme", button.dataset.nemTheme);
    window.location.assign(url);
  });

  function choose(strip, cell) {
    strip.querySelectorAll(".chosen").forEach((each) => each.classList.remove("chosen"));
    cell.classList.add("chosen");
    strip.parentNode.querySelector(".readout").textContent = cell.dataset.said;
  }
  const stripOf = (event) => within(event, (each) => each.dataset?.nemStrip !== undefined);
  for (const kind of ["pointerover", "click"]) {
    document.addEventListener(kind, (event) => {
      const strip = stripOf(event), cell = within(event, (each) => each.dataset?.said);
      if (strip && cell) choose(strip, cell);
    });
  }
  document.addEventListener("keydown", (event) => {
    const strip = stripOf(event);
    if (!strip) return;
    const cells = [...strip.children], at = cells.findIndex((each) => each.classList.contains("chosen"));
    const last = cells.length - 1, from = at < 0 ? last + 1 : at;
    const to = { ArrowLeft: Math.max(from - 1, 0), ArrowRight: Math.min(from + 1, last), Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    choose(strip, cells[to]);
  });

  function tagged(tag) {
    const doc = window.Bokeh?.documents[0];
    return [...(doc?._all_models.values() ?? [])].find((each) => each.tags?.includes(tag));
  }
  function buttonOf(model) {
    return window.Bokeh.index.find_one(model)?.shadow_el?.querySelector("button");
  }
  let opener = null;
  function asked(visible) {
    if (visible) {
      opener = document.activeElement;
      setTimeout(() => buttonOf(tagged("nem-confirm"))?.focus(), 50); // when it is drawn
    } else if (opener) {
      opener.shadowRoot?.querySelector("button")?.focus();
      opener = null;
    }
  }
  function entitle(simulated) {
    const title = document.title.replace(SIMULATED, "") + (simulated ? SIMULATED : "");
    document.title = title;
    document.querySelector("#header .title").textContent = `\u00a0${title}`;
  }
  function follow() {
    const question = tagged("nem-question"), market = tagged("nem-simulated");
    if (!question || !market) {
      setTimeout(follow, 50);
      return;
    }
    question.properties.visible.change.connect(() => asked(question.visible));
    market.properties.visible.change.connect(() => entitle(market.visible));
    entitle(market.visible);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && question.visible) buttonOf(tagged("nem-dismiss"))?.click();
    });
  }
  follow();
})();
