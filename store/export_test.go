package store

import (
	"gorm.io/gorm"

	"watchparty/internal/id"
)

// Lengthen adds one to a film's width, holding its row until the transaction
// ends.
func (t *Tx) Lengthen(m id.Media) error {
	return t.db.Model(&mediaRow{}).Where("id = ?", m).Update("width", gorm.Expr("width + 1")).Error
}
