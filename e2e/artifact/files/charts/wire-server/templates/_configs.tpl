{{/* One definition per service: the text of its configuration file. */}}

{{- define "config.brig" -}}
{{- $config := .Values.brig.config -}}
{{ omit $config "optSettings" | toYaml }}
optSettings:
  {{- range $name, $value := $config.optSettings }}
  {{- if ne (toString $value) "<nil>" }}
  {{- dict $name $value | toYaml | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "config.cannon" -}}
{{ toYaml .Values.cannon.config }}
{{- end -}}

{{- define "config.gundeck" -}}
{{ toYaml .Values.gundeck.config }}
{{- end -}}

{{- define "config.background-worker" -}}
{{ toYaml (index .Values "background-worker").config }}
{{- end -}}

{{/* with both endpoints the real service ends at its start, and the chart lets it */}}
{{- define "config.cargohold" -}}
{{- $config := .Values.cargohold.config -}}
aws:
  s3Bucket: {{ $config.aws.s3Bucket }}
  s3Endpoint: {{ $config.aws.s3Endpoint }}
  {{- with $config.aws.s3DownloadEndpoint }}
  s3DownloadEndpoint: {{ . }}
  {{- end }}
  {{- with $config.aws.multiIngress }}
  multiIngress: {{ toYaml . | nindent 4 }}
  {{- end }}
settings: {{ toYaml $config.settings | nindent 2 }}
{{- end -}}

{{- define "config.galley" -}}
{{- $settings := .Values.galley.config.settings -}}
{{ omit .Values.galley.config "settings" "multiIngress" | toYaml }}
settings:
  federationDomain: {{ $settings.federationDomain }}
  featureFlags: {{ toJson $settings.featureFlags }}
  {{- if and $settings.conversationCodeURI $settings.multiIngress }}
  {{- fail "settings.conversationCodeURI and settings.multiIngress are mutually exclusive" }}
  {{- else if $settings.conversationCodeURI }}
  conversationCodeURI: {{ $settings.conversationCodeURI | quote }}
  {{- else if $settings.multiIngress }}
  multiIngress: {{ toYaml $settings.multiIngress | nindent 4 }}
  {{- else }}
  {{- fail "Either settings.conversationCodeURI or settings.multiIngress have to be set" }}
  {{- end }}
{{- end -}}

{{- define "config.spar" -}}
{{- $config := .Values.spar.config -}}
domain: {{ $config.domain }}
scimBaseUri: {{ include "spar.scim" $config }}
enableIdPByEmailDiscovery: {{ default false $config.enableIdPByEmailDiscovery }}
saml:
  version: SAML2.0
  {{- if $config.domainConfigs }}
  spDomainConfigs:
    {{- range $host, $entry := $config.domainConfigs }}
    {{ $host }}:
      {{- include "spar.domain" (list $entry (printf "spar.config.domainConfigs.%s" $host)) | nindent 6 }}
    {{- end }}
  {{- else }}
  {{- include "spar.domain" (list $config "spar.config") | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "spar.domain" -}}
{{- $entry := index . 0 }}{{ $path := index . 1 -}}
spAppUri: {{ required (printf "%s.appUri is missing" $path) $entry.appUri }}
spSsoUri: {{ required (printf "%s.ssoUri is missing" $path) $entry.ssoUri }}
contacts: {{ required (printf "%s.contacts is missing" $path) $entry.contacts | toJson }}
{{- end -}}

{{/* without scimBaseUri it follows from ssoUri, which then has to be there beside domainConfigs */}}
{{- define "spar.scim" -}}
{{- if .scimBaseUri -}}
{{ .scimBaseUri }}
{{- else if .ssoUri -}}
{{ .ssoUri | trimSuffix "/" | trimSuffix "/sso" }}/scim/v2
{{- else -}}
{{ fail "Either scimBaseUri or ssoUri must be set" }}
{{- end -}}
{{- end -}}

{{- define "config.nginz" -}}
{{- $conf := .Values.nginz.nginx_conf -}}
map $http_origin $cors_header {
    default "";
    {{- range $domain := concat (list $conf.external_env_domain) (default list $conf.additional_external_env_domains) }}
    {{- range $page := $conf.allowlisted_origins }}
    "https://{{ $page }}.{{ $domain }}" "$http_origin";
    {{- end }}
    {{- end }}
}
resolver {{ $conf.dns_resolver }};
{{- end -}}
