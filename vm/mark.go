package vm

import (
	"encoding/xml"
	"fmt"

	"libvirt.org/go/libvirtxml"
)

// The XML namespaces of what we write into a domain's metadata.
const (
	namespace      = "https://wiabctl.dev/1"       // the mark: whose domain it is
	readyNamespace = "https://wiabctl.dev/1/ready" // live only: it was seen ready
)

// mark says that a domain is ours, and which seed it was made with.
type mark struct {
	Deployment string `xml:"deployment,attr"`
	Seed       string `xml:"seed,attr"` // SHA-256 of the seed image; of what runs, of the one whose keys it has
}

// written is the mark as it is marshalled: encoding/xml has no prefixes, and
// libvirt demands one.
type written struct {
	XMLName xml.Name `xml:"wiabctl:machine"`
	Prefix  string   `xml:"xmlns:wiabctl,attr"`
	mark
}

// bare is the mark as libvirt takes it when it sets the prefix itself.
type bare struct {
	XMLName xml.Name `xml:"machine"`
	mark
}

// metadata is the mark as libvirt stores it.
func (m mark) metadata() (*libvirtxml.DomainMetadata, error) {
	text, err := xml.Marshal(written{Prefix: namespace, mark: m})
	if err != nil {
		return nil, fmt.Errorf("writing the domain's mark: %w", err)
	}
	return &libvirtxml.DomainMetadata{XML: string(text)}, nil
}

// notes is what a domain's metadata holds of ours; nil where it holds nothing.
type notes struct {
	Mark  *mark     `xml:"https://wiabctl.dev/1 machine"`
	Ready *struct{} `xml:"https://wiabctl.dev/1/ready ready"`
}

// notesOf reads our part of a domain's metadata.
func notesOf(domain *libvirtxml.Domain) (notes, error) {
	var found notes
	if domain.Metadata == nil {
		return found, nil
	}
	if err := xml.Unmarshal([]byte("<metadata>"+domain.Metadata.XML+"</metadata>"), &found); err != nil {
		return notes{}, fmt.Errorf("reading the metadata of domain %s: %w", domain.Name, err)
	}
	return found, nil
}
