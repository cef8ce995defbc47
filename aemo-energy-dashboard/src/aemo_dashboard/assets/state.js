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
  function watch(doc, tag, property, show) {
    const model = [...doc._all_models.values()].find(each => each.tags?.includes(tag));
    model.properties[property].change.connect(() => show(model[property]));
    if (model[property]) show(true);
  }
  function follow() {
    const docs = window.Bokeh ? window.Bokeh.documents : [];
    if (docs.length === 0) {
      setTimeout(follow, 20);
      return;
    }
    watch(docs[0], "nem-busy", "active", busy);
    watch(docs[0], "nem-simulated", "visible", entitle);
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
