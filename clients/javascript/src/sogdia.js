/** The ledger's client for browsers and Node.js: builds, signs and sends envelopes, and checks proofs. */

export { Malformed, decode, encode, fromHex, hex } from "./codec.js";
export { CodeWrong, accountCode, nameCode, readAccount, readName } from "./codes.js";
export {
  EnvelopeWrong,
  accountOf,
  checkEnvelope,
  idOf,
  makeEnvelope,
  nameOf,
  openEnvelope,
  signBody,
} from "./envelopes.js";
export { readJson } from "./json.js";
export {
  compressed,
  ed25519Key,
  ed25519KeyOf,
  keyProofMessage,
  loginChallenge,
  p256Key,
  passkey,
  passkeySignature,
  verify,
} from "./keys.js";
export { ProofWrong, SandboxRefused, checkProof, trustFile, trustGenesis } from "./proofs.js";
export { readReceipt } from "./receipts.js";
export { NotTaken, send } from "./sending.js";
export { sha256 } from "./sha256.js";
