{{/* What cert-manager's own templates of its types include. */}}
{{- define "cert-manager.crd-check" -}}{{- end -}}
{{- define "cert-manager.name" -}}cert-manager{{- end -}}
{{- define "labels" -}}
app.kubernetes.io/version: "v{{ .Chart.Version }}"
{{- end -}}
