/** Envelopes: built, signed, opened, and their signatures checked. */

import { Malformed, decode, encode, hex, join, same, utf8 } from "./codec.js";
import { Faulty, needing } from "./faults.js";
import { WEBAUTHN, verify } from "./keys.js";
import { sha256 } from "./sha256.js";
import { HASH, INDEX, TIME, bytes, list, maybe, number, parts, withBytes } from "./shapes.js";

/** @typedef {import("./codec.js").Value} Value */
/** @typedef {import("./codec.js").Shape<Operation>} OperationShape */
/** @typedef {import("./keys.js").Key} Key */

/**
 * One operation as it stands on the wire: its tag, the signer who asks, a mandate's name or nil, its fields in order.
 * @typedef {{ tag: bigint, signer: bigint, mandate: Uint8Array | null, fields: Value[] }} Operation
 */

/**
 * An account with one of its keys.
 * @typedef {{ account: Uint8Array, key: Key, keyNumber?: bigint }} Sender
 */

const BYTES_MAX = 65_536;
const VALUE = bytes(64);

/** @type {OperationShape} */
const OPERATION = (value, where) => {
  if (!Array.isArray(value) || value.length < 3)
    throw new Malformed(`${where} must begin with tag, signer and mandate.`);
  const [tag, signer, mandate, ...fields] = value;
  const head = parts({ tag: number(0n, 2n ** 63n - 1n), signer: number(0n, 15n), mandate: maybe(bytes(21, 36)) });
  return { ...head([tag, signer, mandate], where), fields };
};

const BODY = withBytes(
  parts({
    network: bytes(8),
    expiry: TIME,
    notBefore: maybe(TIME),
    after: list(parts({ id: HASH, expiry: TIME }), 0, 4),
    salt: bytes(8),
    signers: list(parts({ account: bytes(20), keyNumber: INDEX }), 1, 16),
    operations: list(OPERATION, 1, 16),
  }),
);
const SIGNATURE = parts({ scheme: number(1n, 3n), value: VALUE, extra: maybe(bytes(0, 1024)) });
const ENVELOPE = parts({ body: BODY, signatures: list(SIGNATURE, 0, 16) });

/** @typedef {ReturnType<typeof BODY>} Body */
/** @typedef {ReturnType<typeof SIGNATURE>} Signature */

/**
 * An envelope that no ledger would take, with the name of the refusal.
 * @extends {Faulty<string>}
 */
export class EnvelopeWrong extends Faulty {
  name = "EnvelopeWrong";
}

/**
 * Give the account of the party that a registrar entered under a reference; without a registrar, one of the genesis.
 * @param {Uint8Array} genesisHash
 * @param {string} reference
 * @param {Uint8Array} registrar
 */
export const accountOf = (genesisHash, reference, registrar = new Uint8Array(20)) =>
  sha256(utf8("account"), genesisHash, registrar, utf8(reference)).slice(0, 20);

/**
 * Give the name of the object that an account created under a reference.
 * @param {Uint8Array} account
 * @param {string} reference
 */
export const nameOf = (account, reference) => join(account, utf8(reference));

/**
 * Give an envelope's id, which is what is signed.
 * @param {Uint8Array} genesisHash
 * @param {Uint8Array} body
 */
export const idOf = (genesisHash, body) => sha256(utf8("sogdia/tx"), genesisHash, body);

// ------------------------------------------------------------------------------------------------------------- making

/**
 * What goes into an envelope. Times are seconds since 1970, by the network's clock. Without a salt one is drawn.
 * @typedef {object} Wish
 * @property {Sender[]} senders
 * @property {{ tag: bigint, signer?: bigint, mandate?: Uint8Array | null, fields: Value[] }[]} operations
 * @property {bigint} expiry
 * @property {bigint | null} [notBefore]
 * @property {{ id: Uint8Array, expiry: bigint }[]} [after]
 * @property {Uint8Array} [salt]
 */

/**
 * Build an envelope and let every sender sign it.
 * @param {Uint8Array} genesisHash
 * @param {Wish} wish
 */
export function makeEnvelope(genesisHash, { senders, operations, expiry, notBefore = null, after = [], salt }) {
  const body = encode([
    genesisHash.slice(0, 8),
    expiry,
    notBefore,
    after.map((each) => [each.id, each.expiry]),
    salt ?? crypto.getRandomValues(new Uint8Array(8)),
    senders.map(({ account, keyNumber = 0n }) => [account, keyNumber]),
    operations.map(({ tag, signer = 0n, mandate = null, fields }) => [tag, signer, mandate, ...fields]),
  ]);
  return signBody(
    genesisHash,
    body,
    senders.map(({ key }) => key),
  );
}

/**
 * Sign a body that somebody else has built, say a node's server, after a look at what it says; a key for each signer.
 * @param {Uint8Array} genesisHash
 * @param {Uint8Array} body
 * @param {Key[]} keys
 */
export async function signBody(genesisHash, body, keys) {
  const id = idOf(genesisHash, body);
  const signatures = await Promise.all(
    keys.map(async (key) => {
      const { value, extra } = await key.sign(id);
      return [key.scheme, value, extra];
    }),
  );
  const raw = join(Uint8Array.of(0x92), body, encode(signatures));
  return { raw, id, expiry: openEnvelope(raw, genesisHash).body.expiry };
}

// ------------------------------------------------------------------------------------------------------------ opening

/**
 * Read the parts of a signed envelope; only their form is checked.
 * @param {Uint8Array} raw
 */
export const readEnvelope = (raw) => decode(raw, ENVELOPE);

/**
 * Open an envelope, or say why no ledger would take it. Signatures are not checked, and neither are the operations' own
 * fields: only the ledger knows all operations.
 * @param {Uint8Array} raw
 * @param {Uint8Array} genesisHash
 */
export function openEnvelope(raw, genesisHash, bytesMax = BYTES_MAX) {
  const need = needing(EnvelopeWrong);
  need(raw.length <= bytesMax, "ENVELOPE_TOO_LARGE", `It has ${raw.length} bytes; at most ${bytesMax} are taken.`);
  const { body, signatures } = readOrRefuse(raw);
  const { network, after, signers, operations } = body;
  need(same(network, genesisHash.slice(0, 8)), "NETWORK_WRONG", `It is for the network ${hex(network)}….`);
  const pairs = signers.map(({ account, keyNumber }) => `${hex(account)} ${keyNumber}`);
  need(new Set(pairs).size === pairs.length, "SIGNER_REPEATED", "A signer stands there twice with the same key.");
  const before = new Set(after.map(({ id }) => hex(id)));
  need(before.size === after.length, "PREDECESSOR_REPEATED", "A predecessor stands there twice.");
  const counts = `${signers.length} signers and ${signatures.length} signatures`;
  need(signers.length === signatures.length, "SIGNATURES_DO_NOT_FIT", `It has ${counts}.`);
  for (const { scheme, extra } of signatures) {
    need(
      scheme === WEBAUTHN || extra === null,
      "EXTRA_NOT_ALLOWED",
      "Only a passkey has something beside the signature.",
    );
  }
  for (const { signer } of operations) {
    need(signer < signers.length, "SIGNER_INDEX_WRONG", `An operation is asked by signer ${signer}, who is not there.`);
  }
  return { id: idOf(genesisHash, body.raw), body, signatures };
}

/** @param {Uint8Array} raw */
function readOrRefuse(raw) {
  try {
    return readEnvelope(raw);
  } catch (error) {
    if (error instanceof Malformed) throw new EnvelopeWrong("ENVELOPE_MALFORMED", error.message);
    throw error;
  }
}

/**
 * Open an envelope and check each signature under the public key of its signer. A passkey's can be checked by the ledger
 * alone, which knows the pages it is for.
 * @param {Uint8Array} raw
 * @param {Uint8Array} genesisHash
 * @param {Uint8Array[]} publicKeys
 */
export async function checkEnvelope(raw, genesisHash, publicKeys) {
  const envelope = openEnvelope(raw, genesisHash);
  const { id, signatures } = envelope;
  const right = await Promise.all(
    signatures.map(({ scheme, value }, count) => verify(scheme, publicKeys[count] ?? value, id, value)),
  );
  if (publicKeys.length !== signatures.length || right.includes(false)) {
    throw new EnvelopeWrong("SIGNATURE_WRONG", "A signature is not by the key that stands for its signer.");
  }
  return envelope;
}
