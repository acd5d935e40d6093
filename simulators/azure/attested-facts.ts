/** A marketplace plan; empty texts where there is none. */
export interface Plan {
  name: string;
  product: string;
  publisher: string;
}

/**
 * What an attested document says of a machine
 * (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#attested-data).
 */
export interface AttestedFacts {
  vmId: string;
  subscriptionId: string;
  /** What the machine asked to have signed; else a time of its host. */
  nonce: string;
  sku: string;
  plan: Plan;
  licenseType: string;
  createdOn: Date;
  expiresOn: Date;
}
