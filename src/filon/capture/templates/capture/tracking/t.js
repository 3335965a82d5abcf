{% autoescape off %}(function () {
  "use strict";
  var address = {{ address }};
  var shelf;
  try { shelf = window.localStorage; } catch (error) { return; }
  if (!shelf || !window.fetch || navigator.globalPrivacyControl) return;

  function known() {
    try { return JSON.parse(shelf.getItem("filon")) || {}; } catch (error) { return {}; }
  }
  function forget() { shelf.removeItem("filon"); }
  function post(body) {
    return fetch(address, { method: "POST", credentials: "omit", keepalive: true, body: JSON.stringify(body) });
  }
  function view() {
    var visitor = known().visitor;
    if (!visitor) return;
    var from = new URLSearchParams(location.search).get("utm_source") || "";
    post({ visitor: visitor, path: location.pathname, source: from }).then(function (answer) {
      if (answer.status === 410) forget();
    }).catch(function () {});
  }
  function begin() {
    var here = new URL(location.href);
    var key = here.searchParams.get("filon");
    if (!key) return view();
    here.searchParams.delete("filon");
    history.replaceState(history.state, "", here);
    post({ key: key }).then(function (answer) {
      return answer.status === 200 ? answer.json() : null;
    }).then(function (said) {
      if (said) shelf.setItem("filon", JSON.stringify({ visitor: said.visitor }));
      view();
    }).catch(function () {});
  }

  window.filon = { view: view, forget: forget };
  if (document.prerendering) document.addEventListener("prerenderingchange", begin, { once: true });
  else begin();
})();
{% endautoescape %}
