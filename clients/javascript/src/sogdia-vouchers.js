/** Vouchers for a payee without a connection: what a page or a till needs to read them and to look at them. */

export { fromHex, hex } from "./codec.js";
export { accountCode, nameCode, readAccount } from "./codes.js";
export { sha512, verifyEd25519 } from "./ed25519.js";
export { checkNetworkProof } from "./following.js";
export { instead, verify } from "./keys.js";
export { readStore, storeBytes } from "./light-store.js";
export { rootByGenesis, rootByHeader } from "./light.js";
export { checkProof, trustFile, trustGenesis } from "./proofs.js";
export {
  PURSES,
  VoucherWrong,
  amountForPeople,
  isVoucherSigned,
  lookAt,
  provesFraud,
  readPurse,
  readVoucher,
  sameNumberIn,
  voucherText,
} from "./vouchers.js";
