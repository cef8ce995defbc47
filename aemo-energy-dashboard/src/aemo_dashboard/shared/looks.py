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
SELECT = """
select.bk-input {
  font-size: 13px; height: 33px; padding: 4px 8px; color: var(--nem-text); border-color: var(--nem-line);
  background-color: var(--nem-surface); }
"""
TABLE = """
.tabulator { font-size: 13px !important; border: none !important; background-color: transparent !important; }
.tabulator .tabulator-header, .tabulator .tabulator-header .tabulator-col {
  background-color: var(--nem-surface) !important; color: var(--nem-quiet) !important;
  border-right: none !important; border-color: var(--nem-line) !important; font-size: 12.5px !important; }
.tabulator .tabulator-tableholder .tabulator-table, .tabulator-row, .tabulator-row.tabulator-row-even {
  background-color: var(--nem-surface) !important; color: var(--nem-text) !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-title { white-space: normal !important; }
.tabulator-row { border-bottom: 1px solid var(--nem-line) !important; min-height: 26px !important; }
.tabulator-row .tabulator-cell { border-right: none !important; padding: 4px 8px !important; height: 27px !important; }
"""
TABS = """
.bk-header .bk-tab { font-size: 14px; color: var(--nem-quiet); }
.bk-header .bk-tab.bk-active { color: var(--nem-text) !important; border-bottom-color: var(--nem-accent) !important; }
.bk-header { border-color: var(--nem-line); }
"""
SUB_TABS = """
.bk-header .bk-tab { font-size: 13px; padding: 4px 10px; }
"""
