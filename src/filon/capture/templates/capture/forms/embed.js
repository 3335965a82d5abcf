{% autoescape off %}(function () {
  "use strict";
  var address = {{ address }};
  var here = document.currentScript;
  var given = new URLSearchParams(location.search);
  var query = new URLSearchParams({ embed: "1", page: location.href.slice(0, 2000) });
  ["source", "medium", "campaign"].forEach(function (name) {
    var value = given.get("utm_" + name);
    if (value) query.set("utm_" + name, value);
  });
  var frame = document.createElement("iframe");
  frame.src = address + "?" + query;
  frame.title = here.dataset.title || document.title;
  frame.loading = "lazy";
  frame.style.cssText = "width:100%;border:0;min-height:24rem;color-scheme:normal";
  here.after(frame);
  addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || event.origin !== new URL(address).origin) return;
    var visitor = event.data && event.data.filonVisitor;
    if (typeof visitor === "string") {
      try { localStorage.setItem("filon", JSON.stringify({ visitor: visitor })); } catch (error) { return; }
      if (window.filon) window.filon.view();
    }
    var height = Number(event.data && event.data.filonHeight);
    if (height > 0 && height < 20000) frame.style.height = Math.ceil(height) + "px";
  });
})();
{% endautoescape %}
