// The page's session ends with its connection. When the server answers again, open the same URL anew.
(function () {
  const POLL = 2000;
  // well or not: who answers in JSON is the server, and not a proxy that speaks for it
  const isBack = (answer) => (answer.headers.get("content-type") ?? "").startsWith("application/json");
  function follow() {
    const docs = window.Bokeh ? window.Bokeh.documents : [];
    if (docs.length === 0) {
      setTimeout(follow, 200);
      return;
    }
    docs[0].on_event("connection_lost", () => {
      if (document.getElementById("nem-lost")) return;
      const line = document.createElement("div");
      line.id = "nem-lost";
      line.setAttribute("role", "alert");
      line.textContent = "Connection lost. The page comes back by itself.";
      document.body.appendChild(line);
      const again = () =>
        fetch("healthz", { cache: "no-store" })
          .then((answer) => (isBack(answer) ? window.location.reload() : setTimeout(again, POLL)))
          .catch(() => setTimeout(again, POLL));
      setTimeout(again, POLL);
    });
  }
  follow();
})();
