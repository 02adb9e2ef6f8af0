package ingress

import (
	"fmt"
	"strings"
)

// origins is the annotation of an Ingress that lists the pages that may call.
const origins = "nginx.ingress.kubernetes.io/cors-allow-origin"

// checkSftd wants the webapps of all domains among those that may call, and the server on
// its node.
func (s Set) checkSftd(e *evidence) {
	s.checkNode(e)
	if wanted, _ := SftdOverlay(s)["allowOrigin"].(string); wanted != "" {
		e.wantEach("allowOrigin", "Ingress sftd, annotation "+origins,
			strings.Split(e.objects.annotation("Ingress sftd", origins), ", "), strings.Split(wanted, ", "))
	}
}

// checkNode wants what serves calls on the node that they are sent to. How the chart calls it
// is nobody's business here.
func (s Set) checkNode(e *evidence) {
	if s.Node != "" && !e.objects.somewhere(s.Node, "spec", "template", "spec", "nodeSelector", nodeName) {
		e.dropped("nodeSelector", "no pods are bound to the node "+s.Node)
	}
}

// checkController wants the settings of the layer in the ingress's configuration.
func (s Set) checkController(e *evidence) {
	settings, _ := at(ControllerOverlay(s), "ingress-nginx", "controller", "config").(Values)
	for setting, value := range settings {
		if !e.objects.somewhere(value.(string), "data", setting) {
			e.dropped("ingress-nginx.controller.config."+setting, fmt.Sprintf("no ConfigMap says %s: %s", setting, value))
		}
	}
}
