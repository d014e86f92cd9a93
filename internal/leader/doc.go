// Package leader has one replica of several lead, by a Kubernetes Lease.
//
// # What is promised
//
// No two replicas lead at the same time, as long as the writer keeps to its
// part, the replicas' clocks run at about the same speed, and nobody edits or
// deletes the Lease by hand. The clocks needn't agree: each replica counts from
// what it has seen itself.
//
//   - A lead's context ends RenewDeadline after the last renewal began, or up
//     to a second sooner. Another replica starts LeaseDuration after it has seen
//     that renewal at the soonest. What lies between, LeaseDuration −
//     RenewDeadline (5 s), is the writer's: it starts no request any more, and
//     those under way have to be finished or let go within that time.
//   - At a shutdown the Lease is renewed until the lead has returned, and only
//     then given up. Should it be lost meanwhile, the lead's channel says so.
//   - After a loss, no new lead starts here before the last one has returned.
//
// authentik knows nothing of the Lease: a request that was sent in time and
// takes effect late, or a process that is stopped as a whole (SIGSTOP, a frozen
// virtual machine) for longer than LeaseDuration, is beyond what a Lease can
// prevent.
//
// # How it relates to client-go
//
// The Lease is read and written as client-go's leader election does it
// (k8s.io/client-go/tools/leaderelection), over plain HTTP: that client brings
// all of Kubernetes' API with it, more than the rest of aksync together. Both
// can stand for the same Lease, as they do while a release that was built with
// client-go is replaced.
//
// Two things are different. client-go counts the RenewDeadline anew for each
// renewal, from its start, and that is RetryPeriod after the answer to the last
// one: with a slow answer the lead would go on after LeaseDuration. With
// ReleaseOnCancel it gives the Lease up before the lead has returned, and also
// after a loss, by when it may belong to another. Here a timer of its own ends
// the lead, and the release comes last and only from the one who holds the
// Lease.
//
// # Rights
//
// The service account needs the verbs get, create and update for leases of the
// API group coordination.k8s.io in the Lease's namespace.
package leader
