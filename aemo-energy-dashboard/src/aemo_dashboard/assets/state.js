// What the server says through a component, shown by the page around it: that an answer is to come, and that the numbers
// are of a simulated market. And the button of the theme, which opens the same address with the other one.
(function () {
  const SIMULATED = " (simulated)";
  function busy(asking) {
    document.getElementById("main").setAttribute("aria-busy", String(asking));
  }
  function entitle(simulated) {
    const title = document.title.replace(SIMULATED, "") + (simulated ? SIMULATED : "");
    document.title = title;
    document.querySelector("#header .title").textContent = `\u00a0${title}`;
  }
  function tagged(doc, tag) {
    return [...(doc?._all_models.values() ?? [])].find(each => each.tags?.includes(tag));
  }
  function watch(model, property, show) {
    model.properties[property].change.connect(() => show(model[property]));
    if (model[property]) show(true);
  }
  function follow() {
    const doc = window.Bokeh?.documents[0], waiting = tagged(doc, "nem-busy"), market = tagged(doc, "nem-simulated");
    if (!waiting || !market) {
      setTimeout(follow, 20);
      return;
    }
    watch(waiting, "active", busy);
    watch(market, "visible", entitle);
  }
  follow();
  document.addEventListener("click", event => {
    const button = event.composedPath().find(each => each.dataset?.nemTheme);
    if (!button) return;
    const url = new URL(window.location);
    url.searchParams.set("theme", button.dataset.nemTheme);
    window.location.assign(url);
  });
})();
