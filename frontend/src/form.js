// In a frame: tells the page around how high the form is, each time that changes.
const tell = () => parent.postMessage({ filonHeight: document.body.scrollHeight }, "*");
new ResizeObserver(tell).observe(document.body);

// Who agreed to be followed: the page around may know them again, if it is one of the company's own.
const { visitor, site } = document.querySelector("[data-visitor]")?.dataset ?? {};
if (visitor && site) parent.postMessage({ filonVisitor: visitor }, site);
