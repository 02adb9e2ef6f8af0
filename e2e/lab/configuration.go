package lab

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed wiabctl.yaml.tmpl
var configurationTemplate string

// configuration is what the lab's wiabctl.yaml depends on.
type configuration struct {
	Artifact  Published
	Image     Published
	ImageKind string
	Memory    string
}

// publishParts puts the artifact and the image on the web server and says what
// the configuration must know of them.
func (l *Lab) publishParts(p *parts) (configuration, error) {
	c := configuration{ImageKind: l.image, Memory: "384MiB"}
	if l.image == ImageCloud {
		c.Memory = "512MiB"
	}
	var err error
	if c.Artifact, err = l.publishArtifact(p.artifact); err != nil {
		return c, err
	}
	c.Image.URL, c.Image.SHA256, err = l.Publish(l.image+".qcow2", p.image)
	return c, err
}

// writeConfiguration writes the host's /etc/wiabctl/wiabctl.yaml.
func (l *Lab) writeConfiguration(root string, p *parts) error {
	c, err := l.publishParts(p)
	if err != nil {
		return err
	}
	text, err := c.render()
	if err != nil {
		return err
	}
	file := filepath.Join(root, "etc/wiabctl/wiabctl.yaml")
	if err := writeFile(file, text); err != nil {
		return err
	}
	return os.Chmod(file, 0o600) // scenarios write secrets into it
}

func (c configuration) render() ([]byte, error) {
	t, err := template.New("wiabctl.yaml").Option("missingkey=error").Parse(configurationTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, c); err != nil {
		return nil, fmt.Errorf("render wiabctl.yaml: %w", err)
	}
	return out.Bytes(), nil
}
