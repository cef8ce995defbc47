// The page's session ends with its connection. When the server answers again, open the same URL anew. A connection may also
// fall silent without an end: its server hangs, or a phone has changed its network. Then what stands here is old, and says so.
(function () {
  const POLL = 2000, ANSWER = 10000;
  const LOOK = 5000, SILENT = 20000; // the countdown is sent each second
  const LOST = "Connection lost: what stands here is old. The page comes back by itself.";
  const REFUSED =
    "The server gives this page no session; its log says why. Is the host in the address among BOKEH_ALLOW_WS_ORIGIN?";
  // well or not: who answers in JSON is the server, and not a proxy that speaks for it
  const isBack = (answer) => (answer.headers.get("content-type") ?? "").startsWith("application/json");
  const asked = () => fetch("healthz", { cache: "no-store", signal: AbortSignal.timeout(ANSWER) });
  function say(text) {
    if (document.getElementById("nem-lost")) return false;
    const line = document.createElement("div");
    line.id = "nem-lost";
    line.setAttribute("role", "alert");
    line.textContent = text;
    document.body.appendChild(line);
    return true;
  }
  function lost() {
    if (!say(LOST)) return;
    document.body.classList.add("nem-old");
    const again = () =>
      asked()
        .then((answer) => (isBack(answer) ? window.location.reload() : setTimeout(again, POLL)))
        .catch(() => setTimeout(again, POLL));
    setTimeout(again, POLL);
  }
  function watch(doc) {
    let heard = Date.now(), silent = 0;
    doc.on_event("connection_lost", lost);
    doc.on_change(() => (heard = Date.now()));
    setInterval(() => {
      silent = Date.now() - heard > SILENT ? silent + 1 : 0;
      if (silent > 1) lost(); // not at once: one who wakes reads first what has come meanwhile
    }, LOOK);
  }
  const began = Date.now();
  function follow() {
    const docs = window.Bokeh ? window.Bokeh.documents : [];
    if (docs.length > 0) {
      watch(docs[0]);
      return;
    }
    if (Date.now() - began < SILENT) setTimeout(follow, 200);
    else asked().then((answer) => (isBack(answer) ? say(REFUSED) : lost())).catch(lost);
  }
  follow();
})();
