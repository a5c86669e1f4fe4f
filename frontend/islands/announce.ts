/** Says a sentence to a screen reader, through the page's live region. */
export function announce(sentence: string): void {
  const region = document.querySelector("[data-announce]");
  if (!region) return;
  region.textContent = "";
  window.setTimeout(() => (region.textContent = sentence), 50);
}
