import { partsOf, text, TextValue, Unknown } from './value';

const SCHEME = 'https://';
const HOST = /^host\((.*)\)$/s;

/** An issuer without its scheme, as IAM's condition keys and provider ARNs have it. */
export function hostOf(issuer: TextValue): TextValue {
  const [first, ...rest] = partsOf(issuer);
  if (typeof first === 'string') {
    return text(first.startsWith(SCHEME) ? first.slice(SCHEME.length) : first, ...rest);
  }
  return text(HOST.test(first!.symbol) ? first! : new Unknown(`host(${first!.symbol})`), ...rest);
}

/** The issuer of a host: with the scheme, which no cloud takes an issuer without. */
export function issuerOf(host: TextValue): TextValue {
  const [first, ...rest] = partsOf(host);
  const symbol = typeof first === 'string' ? undefined : HOST.exec(first!.symbol)?.[1];
  return symbol === undefined ? text(SCHEME, host) : text(new Unknown(symbol), ...rest);
}
