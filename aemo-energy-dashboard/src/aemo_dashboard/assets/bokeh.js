// Two habits of Bokeh 3.9 that cost a page of many figures most of its time. Where a Bokeh has them no more, or keeps them
// elsewhere, nothing is changed.
(function () {
  // Each reading of a colour or width asks the browser for a style of that name first, which makes it work out the styles
  // of the page anew (bokeh/bokeh#15286). This page has no such style: its colours come with the figures.
  function readNoStyles({ VisualProperties }) {
    VisualProperties.prototype._get_css_value = () => "";
  }
  // Each change of a component that may change its size lays out the whole page at once. A message holds many of them:
  // one layout at its end is enough.
  function layOutOnce({ LayoutDOMView }, { Document }) {
    const layOut = LayoutDOMView.prototype.invalidate_layout;
    const apply = Document.prototype.apply_json_patch;
    let waiting = null;
    LayoutDOMView.prototype.invalidate_layout = function () {
      if (waiting === null || this.parent instanceof LayoutDOMView) layOut.call(this);
      else waiting.add(this);
    };
    Document.prototype.apply_json_patch = function (...message) {
      if (waiting !== null) return apply.apply(this, message);
      waiting = new Set();
      try {
        return apply.apply(this, message);
      } finally {
        const roots = waiting;
        waiting = null;
        for (const root of roots) root.invalidate_layout();
      }
    };
  }
  function begin() {
    if (!window.Bokeh?.require) {
      setTimeout(begin, 5);
      return;
    }
    try {
      readNoStyles(Bokeh.require("core/visuals/visual"));
      layOutOnce(Bokeh.require("models/layouts/layout_dom"), Bokeh.require("document/document"));
    } catch (error) {
      console.warn("The page draws as this Bokeh does by itself:", error);
    }
  }
  begin();
})();
