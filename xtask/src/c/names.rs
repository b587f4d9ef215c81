//! Names for structs that C leaves without one.

use super::ctype::{CType, RecordId};
use super::types::Types;

impl Types {
    /// Gives the structs of named members the name `OWNER_member`, so that data can speak of them.
    /// The struct of a variable gets the variable's name.
    pub(super) fn name_members(&mut self) {
        let mut variables: Vec<(String, RecordId)> = self
            .variables
            .iter()
            .filter_map(|(name, variable)| Some((name.clone(), record(&variable.ty)?)))
            .collect();
        variables.sort();
        for (variable, id) in variables {
            self.records[id.0].name.get_or_insert(variable);
        }
        for index in 0..self.records.len() {
            if let Some(name) = self.records[index].name.clone() {
                self.name_members_of(RecordId(index), &name);
            }
        }
    }

    fn name_members_of(&mut self, id: RecordId, owner: &str) {
        let members: Vec<(Option<String>, RecordId)> = self.records[id.0]
            .fields
            .iter()
            .flatten()
            .filter_map(|field| Some((field.name.clone(), record(&field.ty)?)))
            .collect();
        for (member, inner) in members {
            if self.records[inner.0].name.is_some() {
                continue;
            }
            match member {
                Some(member) => {
                    let name = format!("{owner}_{member}");
                    self.records[inner.0].name = Some(name.clone());
                    self.name_members_of(inner, &name);
                }
                // Its members count as the owner's.
                None => self.name_members_of(inner, owner),
            }
        }
    }
}

/// The struct that a member is, or is an array of.
fn record(ty: &CType) -> Option<RecordId> {
    match ty {
        CType::Record(id) => Some(*id),
        CType::Array(element, _) => record(element),
        _ => None,
    }
}
