// `node simulators/psc/provider.mjs --profile psc --port 8089 --people people.json --client "id secret answer leave"`
//
// Pro Santé Connect, or FranceConnect (`--profile franceconnect`), for tests and demonstrations. The protocol is not
// ours: oidc-provider is a certified OpenID provider. What is here: whose cards there are, what each service says of
// them, tokens of 120 seconds, PKCE without exception, and a page to choose a card.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Provider } from "oidc-provider";

const HOST = "127.0.0.1";
const { values: told } = parseArgs({
  options: {
    profile: { type: "string" },
    port: { type: "string" },
    people: { type: "string" },
    client: { type: "string" },
  },
});
const PROFILES = {
  psc: {
    title: "Pro Santé Connect (simulé)",
    choose: "Choisissez la carte CPS ou l’e-CPS à présenter",
    scopes: ["openid", "scope_all"],
    claims: (names) => ({ openid: ["sub"], scope_all: names }),
  },
  franceconnect: {
    title: "FranceConnect (simulé)",
    choose: "Choisissez l’identité à présenter",
    scopes: ["openid", "given_name", "family_name", "preferred_username", "birthdate", "gender", "birthplace", "birthcountry", "email"],
    claims: (names) => ({ openid: ["sub"], ...Object.fromEntries(names.map((name) => [name, [name]])) }),
  },
};
const profile = PROFILES[told.profile];
const [clientId, clientSecret, answerAt, leaveTo] = told.client.split(" ");
const port = Number(told.port);
const issuer = `http://${HOST}:${port}`;
// Read at each login: a demonstration may be loaded again under the same provider.
const people = () => JSON.parse(readFileSync(told.people, "utf8"));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const claimNames = [...new Set(people().flatMap((person) => Object.keys(person.claims)))];
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [answerAt],
      post_logout_redirect_uris: [leaveTo],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: randomBytes(8).toString("hex") }] },
  // Both services of a demonstration share a host, hence its cookies, with the platform.
  cookies: {
    keys: [randomBytes(32).toString("hex")],
    names: { session: `${told.profile}_session`, interaction: `${told.profile}_interaction`, resume: `${told.profile}_resume` },
  },
  acrValues: ["eidas1"],
  scopes: profile.scopes,
  claims: { ...profile.claims(claimNames), acr: null, auth_time: null },
  responseTypes: ["code"],
  pkce: { required: () => true },
  ttl: { AccessToken: 120, IdToken: 120, AuthorizationCode: 60, Interaction: 600, Session: 3600, Grant: 3600 },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    rpInitiatedLogout: { logoutSource: async (ctx, form) => void (ctx.body = page("Déconnexion", `<p>Fermer aussi la session ${profile.title} ?</p>${form}<p><button type="submit" form="op.logoutForm" name="logout" value="yes">Oui, fermer</button></p>`)) },
  },
  interactions: { url: (_, interaction) => `/choix/${interaction.uid}` },
  renderError: async (ctx, out) => void (ctx.body = page("Demande refusée", `<p>${text(out.error)} : ${text(out.error_description ?? "")}</p>`)),
  // The person has agreed by presenting the card: there is no other question.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope(profile.scopes.join(" "));
    await grant.save();
    return grant;
  },
  findAccount: (_, sub) => {
    const person = people().find((each) => each.sub === sub);
    return person && { accountId: sub, claims: () => ({ sub, ...person.claims }) };
  },
});

const answer = provider.callback();
createServer(async (request, response) => {
  const place = new URL(request.url, issuer);
  try {
    if (place.pathname === "/style.css") return send(response, 200, "text/css", STYLE);
    if (place.pathname === "/") return send(response, 200, "text/html", page(profile.title, "<p>En marche.</p>"));
    if (place.pathname.startsWith("/choix/")) return await choose(request, response);
  } catch (error) {
    return send(response, 400, "text/html", page("Demande refusée", `<p>${text(error.message)}</p>`));
  }
  return answer(request, response);
}).listen(port, HOST, () => process.stdout.write(`${profile.title} : ${issuer}\n`));

async function choose(request, response) {
  if (request.method !== "POST") {
    const listed = people().map(card).join("");
    const refuse = `<form method="post"><button class="plain" name="refus" value="1">Refuser</button></form>`;
    return send(response, 200, "text/html", page(profile.title, `<p>${profile.choose}.</p><ul class="cards">${listed}</ul>${refuse}`));
  }
  const form = new URLSearchParams(await body(request));
  const result = form.has("refus")
    ? { error: "access_denied", error_description: "refus" }
    : { login: { accountId: form.get("sub") ?? "", acr: "eidas1", amr: ["pop"], remember: true } };
  await provider.interactionFinished(request, response, result);
}

function card(person) {
  return `<li><form method="post"><button name="sub" value="${text(person.sub)}"><b>${text(person.label)}</b><span>${text(person.shows)}</span></button></form></li>`;
}

async function body(request) {
  let read = "";
  for await (const part of request) {
    read += part;
    if (read.length > 4096) throw new Error("formulaire trop long");
  }
  return read;
}

function send(response, status, type, content) {
  response.writeHead(status, { "Content-Type": `${type}; charset=utf-8`, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" });
  response.end(content);
}

function text(said) {
  return String(said).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function page(title, content) {
  return `<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${text(title)}</title><link rel="stylesheet" href="/style.css"></head><body><main><h1>${text(title)}</h1>${content}</main></body></html>`;
}

const STYLE = `body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 44rem; padding: 1rem; color: #1d2433 }
h1 { font-size: 1.5rem } ul.cards { list-style: none; padding: 0; display: grid; gap: .5rem }
button { font: inherit; width: 100%; min-height: 2.75rem; padding: .6rem .9rem; border: 1px solid #0b5394; border-radius: .4rem; background: #fff; color: #0b5394; cursor: pointer; text-align: left }
button span { display: block; color: #46506a; font-size: .9rem } button.plain { width: auto }
button:focus { outline: 3px solid #0b5394; outline-offset: 2px }`;
