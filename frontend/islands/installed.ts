/** body[data-worker]: the service worker of an installed application; a shared workstation has none. */
export function startWorker(): void {
  const { worker } = document.body.dataset;
  if (!worker || !("serviceWorker" in navigator)) return;
  // After the page: what it keeps is what the page has just loaded.
  window.addEventListener("load", () => void navigator.serviceWorker.register(worker, { scope: "/" }).catch(() => {}));
}

/**
 * form[data-push="subscribe"]: its submission asks the browser for a subscription under data-push-key, then carries it.
 * form[data-push="end"]: the browser forgets it first. [data-push-possible] appears where it can be done.
 */
export function startPush(): void {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return;
  document.querySelectorAll<HTMLElement>("[data-push-possible]").forEach((part) => (part.hidden = false));
  document.querySelectorAll<HTMLElement>("[data-push-missing]").forEach((part) => (part.hidden = true));
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset["push"]) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void (form.dataset["push"] === "end" ? end(form) : subscribe(form));
  });
}

async function subscribe(form: HTMLFormElement): Promise<void> {
  const field = form.elements.namedItem("subscription");
  if (!(field instanceof HTMLInputElement)) return;
  tell(form, "");
  try {
    if ((await Notification.requestPermission()) !== "granted") return tell(form, "denied");
    const { pushManager } = await navigator.serviceWorker.ready;
    // One made for another account of this browser, or under a key that is no more.
    await (await pushManager.getSubscription())?.unsubscribe();
    const applicationServerKey = form.dataset["pushKey"] ?? "";
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    field.value = JSON.stringify(subscription.toJSON());
    form.submit(); // without a second "submit" event
  } catch {
    tell(form, "failed");
  }
}

async function end(form: HTMLFormElement): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe().catch(() => false);
  form.submit();
}

function tell(form: HTMLFormElement, what: string): void {
  form.querySelectorAll<HTMLElement>("[data-push-told]").forEach((part) => (part.hidden = part.dataset["pushTold"] !== what));
}
