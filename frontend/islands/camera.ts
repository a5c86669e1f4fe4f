/** On a phone, [data-camera] inside takes a photograph and adds it to the chosen files. */
export function startCamera(inside: HTMLElement, add: (files: File[]) => void): void {
  const camera = inside.querySelector<HTMLInputElement>("[data-camera-input]");
  const place = inside.querySelector<HTMLElement>("[data-camera]");
  if (!camera || !place || !window.matchMedia("(pointer: coarse)").matches) return;
  place.hidden = false;
  camera.addEventListener("change", () => {
    add([...(camera.files ?? [])]);
    camera.value = "";
  });
}
