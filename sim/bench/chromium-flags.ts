/** How Chromium is started where nobody looks at it: for the benches of the page and for its tests. */
export const CHROMIUM_FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Two pages of its own that it loads for the address bar of each window: as much work as our page.
  "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
];
