/** Keys that sign: Ed25519, P-256, and passkeys. Secrets stay inside WebCrypto and the passkey's own device. */

import { bigEndian, fromHex, join, utf8 } from "./codec.js";
import { sha256 } from "./sha256.js";

/** The schemes of signatures, by their number on the wire. */
export const ED25519 = 1n;
export const P256 = 2n;
export const WEBAUTHN = 3n;

/**
 * A signature's value, and what stands beside it: nil except with passkeys.
 * @typedef {{ value: Uint8Array, extra: Uint8Array | null }} Signed
 */

/**
 * Whatever can sign 32 bytes for a party.
 * @typedef {object} Key
 * @property {bigint} scheme
 * @property {Uint8Array} publicKey 32 bytes with Ed25519, a compressed point of 33 bytes with P-256
 * @property {(message: Uint8Array) => Promise<Signed>} sign
 */

/**
 * @typedef {Uint8Array<ArrayBuffer>} Plain
 */

const EXTRA_MAX = 1024;
const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const ED25519_FIELD = 2n ** 255n - 19n;
const ORDER_8 = 55188659117513257062467267217118295137698188065244968500265048394206261417927n;
/** The y of the points of small order: under one of them, a signature that nobody made can be valid. */
const SMALL_ORDER = [0n, 1n, ED25519_FIELD - 1n, ORDER_8, ED25519_FIELD - ORDER_8];
const P256_FIELD = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** What stands before a seed of 32 bytes in PKCS #8 (RFC 8410). */
const SEED_HEAD = fromHex("302e020100300506032b657004220420");

/** @param {Uint8Array} row */
const bytesOf = (row) => /** @type {Plain} */ (row);

/** @param {Uint8Array} row */
const asNumber = (row) => row.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/**
 * Read a number whose smallest byte comes first.
 * @param {Uint8Array} row
 */
export const reversed = (row) => asNumber(row.slice().reverse());

/**
 * What checks a signature of Ed25519 in place of WebCrypto, for a page that is to work in browsers that do not know it.
 * It is given only keys and signatures that are spelled as they must be.
 * @type {{ verify?: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean }}
 */
export const instead = {};

// ------------------------------------------------------------------------------------------------------------- making

/**
 * Make the Ed25519 key of a secret seed of 32 bytes; without one, a new key that can never leave this program.
 * @param {Uint8Array} [seed]
 * @returns {Promise<Key>}
 */
export async function ed25519Key(seed) {
  if (!seed) {
    const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return ed25519KeyOf(/** @type {CryptoKeyPair} */ (pair));
  }
  if (seed.length !== 32) throw new RangeError(`A seed has 32 bytes, this one ${seed.length}.`);
  const pkcs8 = bytesOf(join(SEED_HEAD, seed));
  const readable = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", readable);
  const publicKey = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x }, "Ed25519", true, [
    "verify",
  ]);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  return ed25519KeyOf({ privateKey, publicKey });
}

/**
 * Take an Ed25519 pair of WebCrypto, say one kept in IndexedDB, as a key.
 * @param {CryptoKeyPair} pair
 * @returns {Promise<Key>}
 */
export async function ed25519KeyOf(pair) {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return {
    scheme: ED25519,
    publicKey,
    sign: async (message) => ({
      value: new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, bytesOf(message))),
      extra: null,
    }),
  };
}

/**
 * Take a P-256 pair of WebCrypto as a key; without one, make a new key that can never leave this program.
 * @param {CryptoKeyPair} [given]
 * @returns {Promise<Key>}
 */
export async function p256Key(given) {
  const pair = given ?? (await crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]));
  return {
    scheme: P256,
    publicKey: compressed(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))),
    sign: async (message) => ({
      value: new Uint8Array(await crypto.subtle.sign(ECDSA, pair.privateKey, bytesOf(message))),
      extra: null,
    }),
  };
}

/**
 * A passkey as a key. `assert` shows the challenge to the passkey and gives its answer; in a browser:
 * `(challenge) => navigator.credentials.get({ publicKey: { challenge, rpId, userVerification: "required" } })
 *   .then((credential) => credential.response)`.
 * @param {Uint8Array} publicKey the compressed point, from `compressed(response.getPublicKey())` at registration
 * @param {(challenge: Uint8Array) => Promise<Assertion>} assert
 * @returns {Key}
 */
export function passkey(publicKey, assert) {
  return { scheme: WEBAUTHN, publicKey, sign: async (message) => passkeySignature(await assert(message)) };
}

/**
 * What a passkey answers, as browsers give it.
 * @typedef {{ authenticatorData: BufferSource, clientDataJSON: BufferSource, signature: BufferSource }} Assertion
 */

/**
 * Turn a passkey's answer into a signature of the wire: r ‖ s, and beside it the length of the authenticator data in two
 * bytes, that data, and the client data.
 * @param {Assertion} assertion
 * @returns {Signed}
 */
export function passkeySignature({ authenticatorData, clientDataJSON, signature }) {
  const shown = asBytes(authenticatorData);
  const extra = join(bigEndian(BigInt(shown.length), 2), shown, asBytes(clientDataJSON));
  if (extra.length > EXTRA_MAX) {
    throw new RangeError(`The passkey's answer has ${extra.length} bytes; the ledger takes at most ${EXTRA_MAX}.`);
  }
  return { value: fromDer(asBytes(signature)), extra };
}

/** @param {BufferSource} source */
function asBytes(source) {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

/**
 * Read an ECDSA signature in DER, the way of passkeys and OpenSSL: two numbers, each put into 32 bytes.
 * @param {Uint8Array} der
 */
export function fromDer(der) {
  const wrong = () => new RangeError("This is no ECDSA signature over P-256 in DER.");
  let at = 2;
  const numbers = [0, 1].map(() => {
    const size = der[at + 1];
    const number = asNumber(der.subarray(at + 2, at + 2 + size));
    if (der[at] !== 2 || !size || at + 2 + size > der.length || number >> 256n) throw wrong();
    at += 2 + size;
    return bigEndian(number, 32);
  });
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || at !== der.length) throw wrong();
  return join(...numbers);
}

/**
 * Compress a P-256 public key: from its 65 bytes, or from the SubjectPublicKeyInfo that ends with them.
 * @param {BufferSource} key
 */
export function compressed(key) {
  const point = asBytes(key).slice(-65);
  if (point.length !== 65 || point[0] !== 4) throw new RangeError("This is no uncompressed P-256 public key.");
  return join(Uint8Array.of(2 + (point[64] & 1)), point.subarray(1, 33));
}

/**
 * Give the message by which a new key shows that somebody holds it.
 * @param {Uint8Array} genesisHash
 * @param {Uint8Array} account
 * @param {bigint} keyNumber
 * @param {Key} key
 */
export const keyProofMessage = (genesisHash, account, keyNumber, { scheme, publicKey }) =>
  sha256(utf8("sogdia/key"), genesisHash, account, bigEndian(keyNumber, 2), bigEndian(scheme, 1), publicKey);

/**
 * Give the challenge by which a passkey signs the line that somebody signs in with. Read the line before: it names the
 * site and the account. Never let a passkey answer to a challenge that a server has made, which could be an envelope's id.
 * @param {string} line
 */
export const loginChallenge = (line) => sha256(utf8("sogdia/login"), utf8(line));

// ----------------------------------------------------------------------------------------------------------- checking

/**
 * Whether `signature` is the key's over `message`, by the ledger's strict rule. Anything malformed is simply not.
 * @param {bigint} scheme
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 * @returns {Promise<boolean>}
 */
export async function verify(scheme, publicKey, message, signature) {
  if (signature.length !== 64) return false;
  const key = scheme === ED25519 ? ed25519Public(publicKey, signature) : scheme === P256 ? p256Public(publicKey) : null;
  if (!key) return false;
  if (instead.verify && scheme === ED25519) return instead.verify(key, message, signature);
  const algorithm = scheme === P256 ? ECDSA : { name: "Ed25519" };
  try {
    const imported = await crypto.subtle.importKey("raw", bytesOf(key), algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, imported, bytesOf(signature), bytesOf(message));
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") {
      throw new Error(`This browser cannot check signatures of ${algorithm.name}. Use a newer one.`, { cause: error });
    }
    return false;
  }
}

/**
 * Give the key unless it, or a half of the signature, is spelled in a second way or has a small order. On these
 * libraries differ; what remains is the same in all that check the equation without the cofactor.
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} signature
 */
function ed25519Public(publicKey, signature) {
  const sound = [publicKey, signature.slice(0, 32)].every((point) => {
    const y = reversed(point) & (2n ** 255n - 1n);
    return point.length === 32 && y < ED25519_FIELD && !SMALL_ORDER.includes(y);
  });
  return sound && reversed(signature.slice(32)) < ED25519_ORDER ? publicKey : null;
}

/**
 * Find the second half of a compressed point, since not every browser reads those.
 * @param {Uint8Array} publicKey
 */
function p256Public(publicKey) {
  const x = asNumber(publicKey.subarray(1));
  if (publicKey.length !== 33 || (publicKey[0] | 1) !== 3 || x >= P256_FIELD) return null;
  const square = ((((x * x - 3n) * x + P256_B) % P256_FIELD) + P256_FIELD) % P256_FIELD;
  let root = 1n;
  for (let power = (P256_FIELD + 1n) >> 2n, factor = square; power; power >>= 1n) {
    if (power & 1n) root = (root * factor) % P256_FIELD;
    factor = (factor * factor) % P256_FIELD;
  }
  if ((root * root) % P256_FIELD !== square) return null;
  if ((root & 1n) !== BigInt(publicKey[0] & 1)) root = P256_FIELD - root;
  return join(Uint8Array.of(4), publicKey.subarray(1), bigEndian(root, 32));
}
