/**
 * Answers the tests' questions, one line of JSON each, with the JavaScript module given as the first argument. Bytes are
 * hexadecimal text and integers are decimal text, so that nothing is lost on the way.
 */

import { createInterface } from "node:readline";

const module = await import(process.argv[2]);
const { fromHex, hex } = module;

const trustOf = ({ network, validators, since, engine }) => ({
  network: fromHex(network),
  validators: validators.map(([key, weight]) => ({ publicKey: fromHex(key), weight: BigInt(weight) })),
  since: BigInt(since),
  engine,
});

/** Write anything as JSON: bytes as {"bytes"}, integers as {"number"}, maps as {"map"}. */
function shown(value) {
  if (typeof value === "bigint") return { number: String(value) };
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (value instanceof Map) return { map: [...value].map(([name, member]) => [name, shown(member)]) };
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member)]));
}

/** Read what `shown` writes. */
function given(value) {
  if (Array.isArray(value)) return value.map(given);
  if (value === null || typeof value !== "object") return value;
  if ("number" in value) return BigInt(value.number);
  if ("bytes" in value) return fromHex(value.bytes);
  return new Map(value.map.map(([name, member]) => [name, given(member)]));
}

const keyOf = async (secret) => ({
  account: fromHex(secret.account),
  keyNumber: BigInt(secret.key_number),
  key: secret.seed ? await module.ed25519Key(fromHex(secret.seed)) : await module.p256Key(),
});

/** Numbers from 0 up to a bound that a seed decides: a linear congruence, since the same seed must alter alike. */
function chanceOf(seed) {
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(below));
  };
}

/** Numbers at which something changes. */
const EDGES = [
  0n,
  1n,
  2n,
  3n,
  127n,
  128n,
  2n ** 16n,
  2n ** 31n,
  2n ** 32n,
  2n ** 48n + 1n,
  2n ** 53n + 1n,
  2n ** 64n - 1n,
];

/** Another value in place of one: of its own kind mostly, of another now and then. */
function altered(value, chance) {
  if (chance(12) === 0) return [null, true, 0n, -1n, "", new Uint8Array(), [], "suzani"][chance(8)];
  if (typeof value === "bigint") return [value + 1n, value - 1n, EDGES[chance(EDGES.length)]][chance(3)];
  if (typeof value === "string") return [value.slice(1), `${value}ж`][chance(2)];
  if (value instanceof Uint8Array) {
    const other = Uint8Array.from([value, value.slice(1), [...value, 0]][[0, 0, 0, 1, 2][chance(5)]]);
    if (other.length) other[chance(other.length)] ^= 1 << chance(8);
    return other;
  }
  if (!Array.isArray(value)) return [null, 7n, new Uint8Array(32)][chance(3)];
  const [at, other] = [chance(value.length + 1), chance(value.length + 1)];
  if (at >= value.length || chance(6) === 0) {
    const [one, two] = [value.slice(0, at), value.slice(at)];
    return [
      [...one, ...two.slice(1)],
      [...one, ...one.slice(-1), ...two],
      [...two, ...one],
    ][chance(3)];
  }
  if (chance(12) === 0 && other < value.length) return value.with(at, value[other]).with(other, value[at]);
  return value.with(at, altered(value[at], chance));
}

const QUESTIONS = {
  alter: async ({ raw, seed }) => hex(module.encode(altered(module.decode(fromHex(raw)), chanceOf(seed)))),
  alter_and_sign: async ({ raw, seed, network, seeds }) => {
    const chance = chanceOf(seed);
    const [body, signatures] = module.decode(fromHex(raw));
    // Tags and fields of operations stay: which of those are right, only the ledger knows.
    const part = chance(7);
    const one = chance(body[6].length);
    const asked = body[6].with(one, body[6][one].with(1 + chance(2), altered(body[6][one][1 + chance(2)], chance)));
    const inside = [asked, [], [...asked, asked[0]], Array(17).fill(asked[0]), null][[0, 0, 0, 1, 2, 3, 4][chance(7)]];
    const other = body.with(part, part === 6 ? inside : altered(body[part], chance));
    const keys = await Promise.all(seeds.map((each) => module.ed25519Key(fromHex(each))));
    const bytes = module.encode(other);
    const id = module.idOf(fromHex(network), bytes);
    const signed = await Promise.all(keys.map(async (key) => [key.scheme, (await key.sign(id)).value, null]));
    return hex(module.encode([other, chance(8) ? signed : altered(signatures, chance)]));
  },
  proof: async ({ raw, trusted }) => shown(await module.checkProof(fromHex(raw), trustOf(trusted))),
  envelope: async ({ raw, network, keys }) =>
    shown({ id: (await module.checkEnvelope(fromHex(raw), fromHex(network), keys.map(fromHex))).id }),
  make: async ({ network, senders, operations, expiry, not_before, after, salt }) => {
    const wish = {
      senders: await Promise.all(senders.map(keyOf)),
      operations: operations.map(given).map(([tag, signer, mandate, ...fields]) => ({ tag, signer, mandate, fields })),
      expiry: BigInt(expiry),
      notBefore: not_before === null ? null : BigInt(not_before),
      after: after.map(([id, until]) => ({ id: fromHex(id), expiry: BigInt(until) })),
      salt: salt === null ? undefined : fromHex(salt),
    };
    const made = await module.makeEnvelope(fromHex(network), wish);
    return shown({ ...made, keys: wish.senders.map(({ key }) => key.publicKey) });
  },
  decode: async ({ raw }) => {
    const value = module.decode(fromHex(raw));
    return { value: shown(value), again: hex(module.encode(value)) };
  },
  encode: async ({ value }) => hex(module.encode(given(value))),
  code: async ({ kind, bytes }) => module[`${kind}Code`](fromHex(bytes)),
  read_code: async ({ kind, code }) => hex(module[{ account: "readAccount", name: "readName" }[kind]](code)),
  verify: async ({ scheme, key, message, signature }) =>
    module.verify(BigInt(scheme), fromHex(key), fromHex(message), fromHex(signature)),
  passkey: async ({ authenticator_data, client_data, signature }) =>
    shown(
      module.passkeySignature({
        authenticatorData: fromHex(authenticator_data),
        clientDataJSON: fromHex(client_data),
        signature: fromHex(signature),
      }),
    ),
  key_proof: async ({ network, account, key_number, scheme, key }) =>
    hex(
      module.keyProofMessage(fromHex(network), fromHex(account), BigInt(key_number), {
        scheme: BigInt(scheme),
        publicKey: fromHex(key),
      }),
    ),
  genesis: async ({ text, sandbox }) => shown(module.trustGenesis(text, sandbox && { sandbox: true })),
  trust_file: async ({ text }) => shown(module.trustFile(text)),
  account: async ({ network, registrar, reference }) =>
    hex(module.accountOf(fromHex(network), reference, fromHex(registrar))),
  receipt: async ({ raw }) => shown(module.readReceipt(fromHex(raw))),
  send: async ({ address, raw, path }) => shown(await module.send(address, { raw: fromHex(raw) }, { path })),
  sha256: async ({ rows }) => hex(module.sha256(...rows.map(fromHex))),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { question, ...parts } = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await QUESTIONS[question](parts) };
  } catch (error) {
    answer = { error: error.name, fault: error.fault ?? null, where: error.where ?? null, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
