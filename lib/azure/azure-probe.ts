import { AzureCloud } from './azure-cloud';
import { IdentityProbe } from '../cloud-identity';

/** Whom a pod is in Azure. */
export interface AzureProbed {
  readonly clientId: string;
  readonly tenantId: string;
  readonly azureCloud?: AzureCloud;
}

/** The version of the Azure CLI that the probe was written for; any later one will do. */
const IMAGE = 'mcr.microsoft.com/azure-cli:2.77.0';

/** The clouds as the Azure CLI calls them. */
const CLI_CLOUDS: Record<AzureCloud, string> = { public: 'AzureCloud', usgovernment: 'AzureUSGovernment', china: 'AzureChinaCloud' };

/*
 * The Azure CLI reads the value of an option from a file where it begins with @, so that no token is on a command line, which nodes often record.
 * Logging in twice must not share a folder: a login of before would answer for the second. AADSTS700212 is the audience; there are codes that begin with
 * it, and those of the issuer and the subject.
 */
const SCRIPT = `
login() {
  rm -rf "$2"
  mkdir -p "$2" 2> "$err" || return 1
  if [ "$PROBE_AZURE_CLOUD" != AzureCloud ]; then
    AZURE_CONFIG_DIR="$2" az cloud set --name "$PROBE_AZURE_CLOUD" > /dev/null 2> "$err" || return 1
  fi
  AZURE_CONFIG_DIR="$2" az login --service-principal --username "$PROBE_CLIENT_ID" --tenant "$PROBE_TENANT_ID" --federated-token "@$1" --allow-no-subscriptions --output none > /dev/null 2> "$err"
}
ask() {
  if [ "$AZURE_CLIENT_ID" != "$PROBE_CLIENT_ID" ] || [ "$AZURE_TENANT_ID" != "$PROBE_TENANT_ID" ]; then
    printf '%s' "$AZURE_CLIENT_ID of tenant $AZURE_TENANT_ID" > "$out"
    problem="AZURE_CLIENT_ID and AZURE_TENANT_ID say $(tidy "$out"), and not $PROBE_CLIENT_ID of tenant $PROBE_TENANT_ID"
    return 1
  fi
  if [ ! -s "$AZURE_FEDERATED_TOKEN_FILE" ]; then
    problem='there is no token where AZURE_FEDERATED_TOKEN_FILE says'
    return 1
  fi
  if ! login "$AZURE_FEDERATED_TOKEN_FILE" "$HOME/azure"; then
    problem="the Azure CLI says: $(tidy "$err")"
    return 1
  fi
  if ! AZURE_CONFIG_DIR="$HOME/azure" az account show --query user.name --output tsv > "$out" 2> "$err"; then
    problem="the Azure CLI says: $(tidy "$err")"
    return 1
  fi
  identity=$(tidy "$out")
  if [ "$identity" = "$PROBE_CLIENT_ID" ]; then
    identity="$identity of tenant $PROBE_TENANT_ID"
    return 0
  fi
  problem="it is $identity, and not $PROBE_CLIENT_ID"
  return 1
}
control() {
  if [ ! -s "$PROBE_TOKEN_FILE" ]; then
    problem='there is no token for another audience'
    return 2
  fi
  if login "$PROBE_TOKEN_FILE" "$HOME/control"; then return 1; fi
  refusal=AADSTS700212
  if grep -Eq "(^|[^A-Za-z0-9])$refusal([^A-Za-z0-9]|$)" "$err"; then return 0; fi
  problem=$(tidy "$err")
  return 2
}`;

/** How a pod asks Azure who it is. */
export function azureProbe({ clientId, tenantId, azureCloud = 'public' }: AzureProbed): IdentityProbe {
  return {
    image: IMAGE,
    script: SCRIPT,
    env: [
      { name: 'AZURE_CORE_COLLECT_TELEMETRY', value: 'no' },
      { name: 'AZURE_CORE_NO_COLOR', value: 'yes' },
      { name: 'PROBE_CLIENT_ID', value: clientId },
      { name: 'PROBE_TENANT_ID', value: tenantId },
      { name: 'PROBE_AZURE_CLOUD', value: CLI_CLOUDS[azureCloud] },
    ],
  };
}
