"""How the parts of a page look. Colours are the style sheet's variables, which reach into every component."""

HEADING = {"font-size": "13.5px", "color": "var(--nem-text)", "margin": "2px 6px"}
SENTENCE = {
    "font-size": "16px",
    "color": "var(--nem-text)",
    "background": "var(--nem-surface)",
    "padding": "28px 20px",
    "border-radius": "6px",
}
NOTES = {"font-size": "13px", "color": "var(--nem-quiet)", "margin": "0 6px"}
BANNER = {
    "font-size": "14px",
    "color": "var(--nem-warning)",
    "border-left": "4px solid var(--nem-warning)",
    "background": "var(--nem-surface)",
    "padding": "7px 12px",
    "margin": "4px 6px",
}
SIMULATED = {
    "font-size": "15px",
    "font-weight": "600",
    "text-align": "center",
    "color": "var(--nem-page)",
    "background": "var(--nem-warning)",
    "border-radius": "4px",
    "padding": "8px 12px",
    "margin": "4px 6px",
    # stays in sight while the page is scrolled, above the chart's own layers
    "position": "sticky",
    "top": "4px",
    "z-index": "10",
}
FOOTER = {"font-size": "12.5px", "color": "var(--nem-quiet)", "padding": "10px 6px 2px"}

LABEL = {"font-size": "12px", "color": "var(--nem-quiet)", "margin": "6px 2px 0"}
LINKS = {"font-size": "12px", "color": "var(--nem-quiet)", "margin": "0 10px 4px"}
CARD = {"margin-bottom": "8px"}

BUTTONS = """
.bk-btn-group .bk-btn, .bk-btn {
  font-size: 13px; padding: 5px 11px; color: var(--nem-text); border-color: var(--nem-line); }
.bk-btn.bk-active { background-color: var(--nem-accent) !important; color: #ffffff !important; }
"""
WRAPPED_BUTTONS = """
.bk-btn-group { display: flex; flex-wrap: wrap; gap: 4px; }
.bk-btn-group > .bk-btn { flex: 0 0 auto; border-radius: 4px !important; margin: 0 !important; }
"""
"""Added to ``BUTTONS`` where there may be more of them than a line holds."""
TEXT_INPUT = """
input.bk-input {
  font-size: 13px; height: 33px; padding: 4px 8px; color: var(--nem-text); border-color: var(--nem-line);
  background-color: var(--nem-surface); }
"""
SELECT = """
select.bk-input {
  font-size: 13px; height: 33px; padding: 4px 8px; color: var(--nem-text); border-color: var(--nem-line);
  background-color: var(--nem-surface); }
"""
CHOICES = """
.choices__inner {
  font-size: 13px; min-height: 33px; padding: 3px 6px; background-color: var(--nem-surface);
  border-color: var(--nem-line); }
.choices__list--multiple .choices__item {
  font-size: 12.5px; margin: 2px 4px 2px 0; background-color: var(--nem-accent) !important;
  border-color: var(--nem-accent) !important; color: #ffffff; }
.choices__input { font-size: 13px; margin: 0; color: var(--nem-text); background-color: transparent !important; }
.choices__list--dropdown { z-index: 20; }
"""
TABLE = """
.tabulator { font-size: 13px !important; border: none !important; background-color: transparent !important; }
.tabulator .tabulator-header, .tabulator .tabulator-header .tabulator-col {
  background-color: var(--nem-surface) !important; color: var(--nem-quiet) !important;
  border-right: none !important; border-color: var(--nem-line) !important; font-size: 12.5px !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-content { padding: 4px 6px !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-content .tabulator-col-title {
  white-space: normal !important; text-overflow: clip !important; line-height: 1.25 !important;
  padding-right: 0 !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-content .tabulator-col-sorter { right: 0 !important; }
/* the arrow only where it says something, so that headings have the room */
.tabulator-col[aria-sort="none"] .tabulator-col-sorter { display: none !important; }
.tabulator-col:not([aria-sort="none"]) .tabulator-col-title { padding-right: 14px !important; }
.tabulator .tabulator-tableholder .tabulator-table, .tabulator-row, .tabulator-row.tabulator-row-even {
  background-color: var(--nem-surface) !important; color: var(--nem-text) !important; }
.tabulator .tabulator-tableholder { scrollbar-width: thin; scrollbar-color: var(--nem-quiet) var(--nem-surface); }
.tabulator-frozen {
  background-color: var(--nem-surface) !important; border-right: 1px solid var(--nem-line) !important; }
.tabulator-row { border-bottom: 1px solid var(--nem-line) !important; min-height: 26px !important; }
.tabulator-row .tabulator-cell { border-right: none !important; padding: 4px 8px !important; height: 27px !important;
  min-height: 27px !important; }
"""
TABS = """
.bk-header .bk-tab { font-size: 14px; color: var(--nem-quiet); }
.bk-header .bk-tab.bk-active { color: var(--nem-text) !important; border-bottom-color: var(--nem-accent) !important; }
.bk-header { border-color: var(--nem-line); overflow-x: auto; scrollbar-width: none; }
"""
SWITCH = """
button { font: inherit; font-size: 13px; color: #ffffff; background: none; cursor: pointer; padding: 5px 12px;
  border: 1px solid rgba(255, 255, 255, .4); border-radius: 4px; }
button:hover { background: rgba(255, 255, 255, .12); }
"""
SUB_TABS = """
.bk-header .bk-tab { font-size: 13px; padding: 4px 10px; }
"""
