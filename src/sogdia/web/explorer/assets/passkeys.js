// Makes passkeys and signs in with them. A passkey stays with its holder; every sentence comes with the page.
import {
  compressed,
  fromHex,
  hex,
  keyProofMessage,
  loginChallenge,
  makeEnvelope,
  passkey,
  passkeySignature,
} from "./sogdia.min.js";

const place = document.getElementById("passkey");
const words = place.dataset;
const [enter, make, sign, said] = ["enter", "make", "sign", "said"].map((id) => document.getElementById(id));
const VALID_SECONDS = 86_400n;
/** ECDSA over P-256 with SHA-256, by its number of COSE: the only kind that the ledger knows. */
const ES256 = -7;

function say(...sentences) {
  const line = document.createElement("p");
  line.className = "bad warning";
  line.textContent = sentences.join(" ");
  said.replaceChildren(...(sentences.length ? [line] : []));
}

/** Do something with the device, and say what came of it where nothing did. */
const trying = (act) => async (event) => {
  event.preventDefault();
  say();
  try {
    await act();
  } catch (error) {
    if (error.name === "NotAllowedError") say(words.refused);
    else say(words.failed, error.message);
  }
};

/** Ask a passkey for its answer to 32 bytes. The ledger knows no credential by name, so the device shows all it has. */
const answer = async (challenge, allowCredentials = []) =>
  (
    await navigator.credentials.get({
      publicKey: { challenge, rpId: words.domain, userVerification: "required", allowCredentials },
    })
  ).response;

/** Sign the line that the page shows. What is signed is made here, out of the line: a hash could be of anything. */
async function signIn() {
  const { challenge, signature, extra } = enter.elements;
  const shown = passkeySignature(await answer(loginChallenge(challenge.value)));
  signature.value = hex(shown.value);
  extra.value = hex(shown.extra);
  enter.submit();
}

/** Make a passkey. Another with the same user id would take the place of an earlier one on the device, so it is drawn. */
async function newPasskey(name) {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      rp: { id: words.domain, name: words.domain },
      user: { id: crypto.getRandomValues(new Uint8Array(16)), name, displayName: name },
      pubKeyCredParams: [{ type: "public-key", alg: ES256 }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    },
  });
  const own = [{ type: "public-key", id: made.rawId }];
  return passkey(compressed(made.response.getPublicKey()), (challenge) => answer(challenge, own));
}

/** The new key as it joins its account, once the passkey has proven that somebody holds it. */
let joins;

async function makeOne() {
  const { network, account, number, code } = words;
  const key = await newPasskey(code ? `${code} ${number}` : document.getElementById("name").value);
  const parts = { public: hex(key.publicKey) };
  if (account) {
    const { value, extra } = await key.sign(keyProofMessage(fromHex(network), fromHex(account), BigInt(number), key));
    Object.assign(parts, { proof: hex(value), extra: hex(extra) });
    joins = [key.scheme, key.publicKey, value, extra, 1n, null];
  }
  document.getElementById("public").textContent = parts.public;
  document.getElementById("command").textContent = words.command.replace(/\{(\w+)\}/g, (_all, name) => parts[name]);
  document.getElementById("made").hidden = false;
  make.hidden = true;
}

/** Sign the change of keys with a passkey that acts already, and give the envelope as a file. */
async function signChange() {
  const [keyNumber, publicKey] = document.getElementById("signer").value.split(":");
  const { raw } = await makeEnvelope(fromHex(words.network), {
    senders: [
      { account: fromHex(words.account), keyNumber: BigInt(keyNumber), key: passkey(fromHex(publicKey), answer) },
    ],
    operations: [{ tag: BigInt(words.tag), fields: [[], [joins], null] }],
    expiry: BigInt(words.time) + VALID_SECONDS,
  });
  const link = document.getElementById("envelope");
  link.href = URL.createObjectURL(new Blob([raw]));
  link.hidden = false;
}

if (globalThis.PublicKeyCredential) {
  enter?.addEventListener("submit", trying(signIn));
  make?.addEventListener("submit", trying(makeOne));
  sign?.addEventListener("click", trying(signChange));
  for (const form of [enter, make]) if (form) form.hidden = false;
} else say(words.unable);
