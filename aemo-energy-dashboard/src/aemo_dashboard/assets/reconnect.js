// The page's session ends with its connection. When the server answers again, open the same URL anew: it holds the view.
(function () {
  const POLL = 2000;
  function follow() {
    const docs = window.Bokeh ? window.Bokeh.documents : [];
    if (docs.length === 0) {
      setTimeout(follow, 200);
      return;
    }
    docs[0].on_event("connection_lost", () => {
      const line = document.createElement("div");
      line.id = "nem-lost";
      line.textContent = "Connection lost. The page comes back by itself.";
      document.body.appendChild(line);
      const again = () =>
        fetch("healthz", { cache: "no-store" })
          .then((answer) => (answer.ok ? window.location.reload() : setTimeout(again, POLL)))
          .catch(() => setTimeout(again, POLL));
      setTimeout(again, POLL);
    });
  }
  follow();
})();
