/** A service account (https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts). */
export interface ServiceAccount {
  email: string;
  /** Numeric, as text: the `sub` of its tokens. */
  uniqueId: string;
}
