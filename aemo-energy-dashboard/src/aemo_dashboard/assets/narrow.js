// Legends have as many columns as there is room for. On a narrow page titles have as many lines as they need, the open tab
// is in sight, and the drawer lies over the page and begins closed.
(function () {
  const ENTRY = 128, SWATCH = 34, LETTER = 6.7, BORDERS = 110, NARROW = 760, EDGE = 4;
  const AGAIN = 100, MOST_TRIES = 30, STEPS = 10;
  const whole = new WeakMap(); // a title's text in one line
  const revealed = new WeakMap(); // the tab that a row of tabs was scrolled to
  const tries = new WeakMap(); // how often a model's view was looked for; of a replaced one there is none any more
  let width = 0, due = false, waiting = null;
  const narrow = () => window.innerWidth <= NARROW;
  function measure() {
    const drawer = document.querySelector(".mdc-drawer--open");
    const beside = !narrow() && drawer ? drawer.offsetWidth : 0;
    width = window.innerWidth - beside - BORDERS;
  }
  function columns(legend) {
    const longest = Math.max(0, ...legend.items.map(item => String(item.label?.value ?? "").length));
    const room = Math.floor(width / Math.max(ENTRY, SWATCH + LETTER * longest));
    return Math.min(Math.max(legend.items.length > 3 ? 2 : 1, room), legend.items.length);
  }
  function fitLegends(doc) {
    for (const model of doc._all_models.values()) {
      if (model.type === "Legend" && (model.tags || []).includes("fitted")) {
        const wanted = columns(model);
        if (model.ncols !== wanted) model.setv({ ncols: wanted }, { sync: false });
      }
    }
  }
  function soon(doc) { // once for all that a message changes, and before any of it is drawn
    if (due) return;
    due = true;
    queueMicrotask(() => { due = false; fitLegends(doc); });
  }
  function lines(text, pen, font, room) {
    const made = [];
    pen.save();
    pen.font = font;
    for (const word of text.split(" ")) {
      const longer = `${made.at(-1)} ${word}`;
      if (made.length && pen.measureText(longer).width <= room) made[made.length - 1] = longer;
      else made.push(word);
    }
    pen.restore();
    return made.join("\n");
  }
  // The two below say whether it is done; false where the model is not drawn yet.
  function wrap(figure) {
    const titles = figure.above.filter(each => each.type === "Title" && each.tags.includes("wrapped"));
    if (titles.length === 0) return true;
    const view = window.Bokeh.index.find_one(figure), room = view?.bbox.width - view?.frame?.bbox.left - EDGE;
    if (!view?.frame?.bbox.width) return false;
    for (const title of titles) {
      if (!whole.has(title)) whole.set(title, title.text);
      const font = window.Bokeh.index.find_one(title).visuals.text.font_value();
      const wanted = lines(whole.get(title), view.canvas_view.primary.ctx, font, room);
      if (title.text !== wanted) title.setv({ text: wanted }, { sync: false });
    }
    return true;
  }
  function reveal(tabs) {
    const view = window.Bokeh.index.find_one(tabs), row = view?.headers_wrapper_el, tab = view?.header_els?.[tabs.active];
    if (!row?.clientWidth || !tab) return false;
    if (revealed.get(row) === tab) return true;
    revealed.set(row, tab);
    const watch = new ResizeObserver(() => {
      if (revealed.get(row) !== tab) return watch.disconnect();
      const from = tab.getBoundingClientRect().left - row.getBoundingClientRect().left;
      row.scrollLeft += from - (row.clientWidth - tab.offsetWidth) / 2;
    });
    for (const each of [row, ...view.header_els]) watch.observe(each); // at once, and when their style sheet has come
    return true;
  }
  function done(model, act) {
    const count = tries.get(model) ?? 0;
    if (count >= MOST_TRIES) return true;
    if (act(model)) return true;
    tries.set(model, count + 1);
    return false;
  }
  function fitDrawn(doc) {
    let missing = false;
    for (const model of doc._all_models.values()) {
      if (model.type === "Figure") missing = !done(model, wrap) || missing;
      else if (model.type.endsWith("Tabs")) missing = !done(model, reveal) || missing;
    }
    return !missing;
  }
  // Bokeh lays a changed figure out in several steps, and the last ones move its frame.
  function settle(doc, left = MOST_TRIES) {
    clearTimeout(waiting);
    const drawn = fitDrawn(doc);
    if (left > 0) waiting = setTimeout(() => settle(doc, drawn ? Math.min(left, STEPS) - 1 : left - 1), AGAIN);
  }
  function follow() {
    const docs = window.Bokeh ? window.Bokeh.documents : [];
    if (docs.length === 0) {
      setTimeout(follow, 50);
      return;
    }
    const doc = docs[0];
    measure();
    fitLegends(doc);
    if (narrow()) settle(doc);
    doc.on_change(() => {
      soon(doc);
      if (narrow()) settle(doc);
    });
    window.addEventListener("resize", () => {
      measure();
      fitLegends(doc);
      settle(doc);
    });
  }
  follow();
  document.addEventListener("DOMContentLoaded", () => {
    if (!narrow()) return;
    const close = () => (typeof drawer === "undefined" ? setTimeout(close, 50) : (drawer.open = false));
    close();
  });
})();
