// Back and forward name another view in the address; the page is opened anew there, as the address holds all of it.
window.addEventListener("popstate", () => window.location.reload());
