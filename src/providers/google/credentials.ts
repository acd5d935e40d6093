import type * as googleAuthLibrary from 'google-auth-library';
import type { AuthClient, AwsClientOptions, GoogleAuth, IdentityPoolClientOptions } from 'google-auth-library';
import type { JsonObject } from '#core/json.ts';
import { asObject } from './members.ts';
import type { GoogleCredentials } from './settings.ts';

/** Compute Engine for the calls and IAM for the one question of the set-up (spec/provisioning.md 7.1). */
const scopes = ['https://www.googleapis.com/auth/compute', 'https://www.googleapis.com/auth/iam'];

type Library = typeof googleAuthLibrary;

/** Access tokens for the credentials, got when first needed and renewed before they expire, by Google's library, which is loaded here. */
export async function authentication(credentials: GoogleCredentials): Promise<GoogleAuth> {
  const library = await import('google-auth-library');
  const authClient = clientOf(credentials, library);
  return new library.GoogleAuth(authClient === null ? { scopes } : { authClient });
}

/** Null: whatever the library finds on the machine. */
function clientOf(credentials: GoogleCredentials, library: Library): AuthClient | null {
  if (credentials.kind === 'service-account') {
    return new library.JWT({ email: credentials.email, key: credentials.key, scopes });
  }
  if (credentials.kind === 'federation') {
    // As `ExternalAccountClient.fromJSON` would, which writes a warning about strangers' configurations to the console.
    const isOnAws = asObject(credentials.json['credential_source'])['environment_id'] !== undefined;
    const client = isOnAws
      ? new library.AwsClient(credentials.json as JsonObject & AwsClientOptions)
      : new library.IdentityPoolClient(credentials.json as JsonObject & IdentityPoolClientOptions);
    client.scopes = scopes;
    return client;
  }
  if (credentials.kind === 'access-token') {
    const client = new library.OAuth2Client();
    client.setCredentials({ access_token: credentials.accessToken });
    return client;
  }
  return null;
}
