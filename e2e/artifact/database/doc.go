// Database stands in for one member of a cluster of Cassandra, Elasticsearch,
// MinIO, PostgreSQL or RabbitMQ on the lab's datanodes. It holds no data: it
// listens where the database does, and knows which of the members listen too.
//
// Elasticsearch and MinIO tell it over HTTP, as they do. The others tell it
// at a port of loopback to the stand-ins of nodetool, psql and rabbitmqctl,
// which the playbooks bring. It is one program because starting several costs
// an emulated machine more than all that they have to say.
package main
