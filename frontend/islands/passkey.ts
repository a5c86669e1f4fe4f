/**
 * form[data-passkey="create|get"]: its submission first asks the device for a key, then carries the answer.
 * Options come from data-passkey-options, or from data-passkey-url. [data-passkey-possible] appears where keys are
 * possible, [data-passkey-missing] leaves.
 */
export function startPasskeys(): void {
  if (!("PublicKeyCredential" in window) || !("parseCreationOptionsFromJSON" in PublicKeyCredential)) return;
  document.querySelectorAll<HTMLElement>("[data-passkey-possible]").forEach((part) => (part.hidden = false));
  document.querySelectorAll<HTMLElement>("[data-passkey-missing]").forEach((part) => (part.hidden = true));
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset["passkey"]) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void answer(form);
  });
}

async function answer(form: HTMLFormElement): Promise<void> {
  const told = form.querySelector<HTMLElement>("[data-passkey-error]");
  const field = form.elements.namedItem("answer");
  if (!(field instanceof HTMLInputElement)) return;
  if (told) told.hidden = true;
  try {
    const credential = await ask(form);
    field.value = JSON.stringify((credential as PublicKeyCredential).toJSON());
    form.submit(); // without a second "submit" event
  } catch {
    if (told) told.hidden = false;
  }
}

async function ask(form: HTMLFormElement): Promise<Credential | null> {
  const { passkey, passkeyOptions, passkeyUrl = "" } = form.dataset;
  const options = JSON.parse(passkeyOptions ?? (await (await fetch(passkeyUrl)).text()));
  if (passkey === "create")
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}
