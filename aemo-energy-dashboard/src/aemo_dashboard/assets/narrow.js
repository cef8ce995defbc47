// Legends have as many columns as there is room for, and on a phone the drawer lies over the page and begins closed.
(function () {
  const ENTRY = 128, SWATCH = 34, LETTER = 6.7, BORDERS = 110, NARROW = 760;
  let width = 0;
  function measure() {
    const drawer = document.querySelector(".mdc-drawer--open");
    const beside = window.innerWidth > NARROW && drawer ? drawer.offsetWidth : 0;
    width = window.innerWidth - beside - BORDERS;
  }
  function columns(legend) {
    const longest = Math.max(0, ...legend.items.map(item => String(item.label?.value ?? "").length));
    const room = Math.floor(width / Math.max(ENTRY, SWATCH + LETTER * longest));
    return Math.min(Math.max(legend.items.length > 3 ? 2 : 1, room), legend.items.length);
  }
  function fit(doc) {
    for (const model of doc._all_models.values()) {
      if (model.type === "Legend" && (model.tags || []).includes("fitted")) {
        const wanted = columns(model);
        if (model.ncols !== wanted) model.setv({ ncols: wanted }, { sync: false });
      }
    }
  }
  function follow() {
    const docs = window.Bokeh ? window.Bokeh.documents : [];
    if (docs.length === 0) {
      setTimeout(follow, 50);
      return;
    }
    const doc = docs[0];
    let due = false;
    const soon = () => { // once for all that a message changes, and before any of it is drawn
      if (due) return;
      due = true;
      queueMicrotask(() => { due = false; fit(doc); });
    };
    measure();
    fit(doc);
    doc.on_change(soon);
    window.addEventListener("resize", () => { measure(); fit(doc); });
  }
  follow();
  document.addEventListener("DOMContentLoaded", () => {
    if (window.innerWidth > NARROW) return;
    const close = () => (typeof drawer === "undefined" ? setTimeout(close, 50) : (drawer.open = false));
    close();
  });
})();
