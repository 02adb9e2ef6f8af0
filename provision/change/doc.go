// Package change is the vocabulary that every part of wiabctl shares: what a
// stage wants to do (Change), what it waits for (Condition), what it says
// meanwhile (Progress) and how it fails (Failure). It imports nothing of ours.
package change
