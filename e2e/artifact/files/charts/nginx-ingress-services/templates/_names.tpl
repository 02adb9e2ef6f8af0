{{/* suffix sets the names of an additional ingress apart */}}
{{- define "suffix" -}}
{{- with .Values.ingressName }}-{{ . }}{{ end -}}
{{- end -}}

{{- define "issuer" -}}
{{ .Values.tls.issuer.name }}{{ include "suffix" . }}
{{- end -}}

{{- define "certificate" -}}
{{- printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) | trunc 63 | trimSuffix "-" -}}
-{{ ternary "managed" "wildcard" .Values.tls.useCertManager }}-tls-certificate
{{- end -}}

{{/* zone is what the name of the API's host ends with */}}
{{- define "zone" -}}
{{- splitList "." .Values.config.dns.https | rest | join "." -}}
{{- end -}}

{{/* hosts are the names that one certificate covers */}}
{{- define "hosts" -}}
{{- $dns := .Values.config.dns -}}
{{- $hosts := list (required "config.dns.https is missing" $dns.https) -}}
{{- if .Values.websockets.enabled }}{{ $hosts = append $hosts (required "config.dns.ssl is missing" $dns.ssl) }}{{ end -}}
{{- if .Values.webapp.enabled }}{{ $hosts = append $hosts (required "config.dns.webapp is missing" $dns.webapp) }}{{ end -}}
{{- if .Values.fakeS3.enabled }}{{ $hosts = append $hosts (required "config.dns.fakeS3 is missing" $dns.fakeS3) }}{{ end -}}
{{- if .Values.teamSettings.enabled }}{{ $hosts = append $hosts (required "config.dns.teamSettings is missing" $dns.teamSettings) }}{{ end -}}
{{- if .Values.accountPages.enabled }}{{ $hosts = append $hosts (required "config.dns.accountPages is missing" $dns.accountPages) }}{{ end -}}
{{- toJson $hosts -}}
{{- end -}}

{{/* rule sends a host to a service: list of host, service and port */}}
{{- define "rule" }}
    - host: {{ index . 0 }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service: {name: {{ index . 1 }}, port: {{ toJson (index . 2) }}}
{{- end -}}
