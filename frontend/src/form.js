// In a frame: tells the page around how high the form is, each time that changes.
const tell = () => parent.postMessage({ filonHeight: document.body.scrollHeight }, "*");
new ResizeObserver(tell).observe(document.body);
