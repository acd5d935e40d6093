import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Hawk credentials as the API hands them out; the certificate is JSON text (spec/api.md 0.2). */
export interface IssuedCredentials {
  clientId: string;
  accessToken: string;
  certificate: string;
}

/** The certificate of temporary credentials (spec/api.md 3.3); `issuer` only if they are named. */
export interface Certificate {
  version: number;
  scopes: readonly string[];
  /** Milliseconds since the epoch. */
  start: number;
  /** Milliseconds since the epoch. */
  expiry: number;
  seed: string;
  signature: string;
  issuer?: string;
}

export interface IssueOptions {
  /** Name of the new credentials. */
  clientId: string;
  scopes: readonly string[];
  start: Date;
  expiry: Date;
  issuer: { clientId: string; accessToken: string };
}

/** Named temporary credentials as any holder of permanent ones can make them offline (spec/api.md 3.3). */
export function issueTemporaryCredentials(options: IssueOptions): IssuedCredentials {
  const { clientId, issuer } = options;
  const unsigned = {
    version: 1,
    scopes: options.scopes,
    start: options.start.getTime(),
    expiry: options.expiry.getTime(),
    seed: randomBytes(33).toString('base64url'),
    issuer: issuer.clientId,
  };
  const certificate: Certificate = { ...unsigned, signature: signatureOf(unsigned, clientId, issuer.accessToken) };
  return {
    clientId,
    accessToken: accessTokenOf(certificate.seed, issuer.accessToken),
    certificate: JSON.stringify(certificate),
  };
}

/** The access token that belongs to a certificate's seed. */
export function accessTokenOf(seed: string, issuerAccessToken: string): string {
  return createHmac('sha256', issuerAccessToken).update(seed).digest('base64url');
}

/** True if the certificate of the credentials `clientId` was signed with that access token. */
export function isSignatureRight(certificate: Certificate, clientId: string, issuerAccessToken: string): boolean {
  const expected = Buffer.from(signatureOf(certificate, clientId, issuerAccessToken));
  const given = Buffer.from(certificate.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function signatureOf(certificate: Omit<Certificate, 'signature'>, clientId: string, accessToken: string): string {
  const { issuer } = certificate;
  const lines = [
    `version:${certificate.version}`,
    ...(issuer === undefined ? [] : [`clientId:${clientId}`, `issuer:${issuer}`]),
    `seed:${certificate.seed}`,
    `start:${certificate.start}`,
    `expiry:${certificate.expiry}`,
    'scopes:',
    ...certificate.scopes,
  ];
  return createHmac('sha256', accessToken).update(lines.join('\n')).digest('base64');
}
