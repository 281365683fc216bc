#!/usr/bin/env bash
# Erleah on Azure Container Apps, with az (Azure CLI) logged in:
#
#	GROUP=erleah LOCATION=westeurope IMAGE=registry.azurecr.io/erleah:1.0.0 REGISTRY=registry \
#	DIRECTUS_URL=https://directus.example.org QDRANT_URL=https://qdrant.example.org \
#	CORS_ORIGINS=https://www.example.org DOMAIN=assistant.example.org examples/deploy/azure/deploy.sh
#
# Running it again updates what is there; only secrets that the vault does not have are asked for.  REGISTRY and DOMAIN may be left out.
set -euo pipefail

: "${GROUP:?the resource group, e.g. erleah}" "${LOCATION:?e.g. westeurope}" "${IMAGE:?e.g. registry.azurecr.io/erleah:1.0.0}"
: "${DIRECTUS_URL:?address of Directus}" "${QDRANT_URL:?address of Qdrant}" "${CORS_ORIGINS:?origins of the pages with the widget}"
NAME=${NAME:-erleah} REGISTRY=${REGISTRY:-} DOMAIN=${DOMAIN:-}
HERE=$(cd "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

az group create --name "$GROUP" --location "$LOCATION" --output none
VAULT=${VAULT:-$NAME-$(az group show --name "$GROUP" --query id --output tsv | sha256sum | cut -c1-8)}

if ! az keyvault show --name "$VAULT" --resource-group "$GROUP" --output none 2>/dev/null; then
	az keyvault create --name "$VAULT" --resource-group "$GROUP" --location "$LOCATION" \
		--enable-rbac-authorization true --output none
	az role assignment create --role "Key Vault Secrets Officer" --output none \
		--assignee "$(az ad signed-in-user show --query id --output tsv)" \
		--scope "$(az keyvault show --name "$VAULT" --query id --output tsv)"
fi

# By a file and not by an argument, which every process of the machine could read.
secret() {
	local value file tries=0
	az keyvault secret show --vault-name "$VAULT" --name "$1" --output none 2>/dev/null && return
	read -rsp "$2: " value
	echo
	file=$(mktemp)
	# shellcheck disable=SC2064
	trap "rm -f '$file'" RETURN
	printf '%s' "$value" >"$file"
	# A role that was just given takes up to some minutes to be known everywhere.
	until az keyvault secret set --vault-name "$VAULT" --name "$1" --file "$file" --encoding utf-8 --output none; do
		tries=$((tries + 1))
		[ "$tries" -lt 10 ] || return 1
		sleep 20
	done
}
secret directus "Token of the Directus user"
secret anthropic "Key for Claude"
secret qdrant "Key for Qdrant"
secret redis "Redis, rediss://:password@host:6380"

deploy() {
	az deployment group create --resource-group "$GROUP" --name "$NAME" --template-file "$HERE/main.bicep" \
		--query "properties.outputs.$1.value" --output tsv --parameters \
		name="$NAME" location="$LOCATION" image="$IMAGE" registryName="$REGISTRY" vaultName="$VAULT" \
		directusUrl="$DIRECTUS_URL" qdrantUrl="$QDRANT_URL" corsOrigins="$CORS_ORIGINS" "${@:2}"
}

if [ -z "$DOMAIN" ]; then
	address=$(deploy address)
else
	fqdn=$(deploy fqdn)
	verification=$(deploy verificationId)
	echo "These two DNS records are needed before the certificate can be issued:"
	echo "    $DOMAIN        CNAME  $fqdn"
	echo "    asuid.$DOMAIN  TXT    $verification"
	read -rp "Press Enter when they are there. "
	deploy fqdn domain="$DOMAIN" bindDomain=false >/dev/null
	address=$(deploy address domain="$DOMAIN" bindDomain=true)
fi

echo "Running at $address; smoke test:"
exec "$HERE/../../../script/smoke" "$address"
